export function PairView() {
  return (
    <section class="view" aria-labelledby="pair-title">
      <h1 id="pair-title">Pair</h1>
    </section>
  );
}
