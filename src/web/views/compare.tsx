export function CompareView() {
  return (
    <section class="view" aria-labelledby="compare-title">
      <h1 id="compare-title">Compare</h1>
    </section>
  );
}
