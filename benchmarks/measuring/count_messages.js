// Counts what a page asks its kernel: messages of widgets that are not the state of a trait.
window.asked = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const text = typeof data === "string" ? data : new TextDecoder("latin1").decode(data);
  if (/"method":\s*"custom"/.test(text)) window.asked++;
  return send.call(this, data);
};
