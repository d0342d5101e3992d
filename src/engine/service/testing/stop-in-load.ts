/** To be imported before the process of an engine: it is stopped, by SIGSTOP, in the middle of its load. */
const { send } = process;

process.send = (message: { readonly type: string }, ...rest: unknown[]) => {
  // llama.cpp waits for this call, so the load cannot be over before the signal.
  if (message.type === 'progress') process.kill(process.pid, 'SIGSTOP');
  return Reflect.apply(send!, process, [message, ...rest]);
};
