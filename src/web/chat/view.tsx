export function ChatView() {
  return (
    <section class="view" aria-labelledby="chat-title">
      <h1 id="chat-title">Chat</h1>
    </section>
  );
}
