// Counts the frames that come to a page, and those of them that come packed.
window.frames_heard = { raw: 0, deflate: 0 };
window.WebSocket = class extends WebSocket {
  constructor(...parts) {
    super(...parts);
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      // the message itself lies before its codes
      const head = new TextDecoder("latin1").decode(data.slice(0, 4096));
      const [, encoding] = /"encoding":\s*"(raw|deflate)"/.exec(head) ?? [];
      if (encoding) window.frames_heard[encoding]++;
    });
  }
};
