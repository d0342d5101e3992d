export function LiveView() {
  return (
    <section class="view" aria-labelledby="live-title">
      <h1 id="live-title">Live</h1>
    </section>
  );
}
