// Speaks with an echo server by WebSocket: text, a large binary message, pings both ways, a close with a reason.
import { createHash } from "node:crypto";
import WebSocket from "ws";

const large = Buffer.alloc(3_000_000, "wakeproxy ");
const digest = (data) => createHash("sha256").update(data).digest("hex");
const heard = { messages: 0, pongs: 0 };
const socket = new WebSocket(process.argv[2], { perMessageDeflate: process.argv[3] === "deflate" });

socket.on("open", () => {
  socket.ping("are you there");
  socket.send("text");
  socket.send(large);
});
socket.on("pong", (data) => (heard.pongs += data.toString() === "are you there" ? 1 : 0));
socket.on("message", (data, isBinary) => {
  heard.messages += 1;
  if (isBinary) {
    heard.isLargeWhole = digest(data) === digest(large);
    socket.close(4000, "enough");
  } else {
    heard.text = data.toString();
  }
});
socket.on("close", (code, reason) => {
  console.log(JSON.stringify({ ...heard, code, reason: reason.toString(), extensions: socket.extensions }));
});
socket.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
