// Server-sent events over fetch: EventSource cannot send the header with the token.

/** Calls for each event with its name and data, and for each comment with an empty name; returns at the end of the stream. */
export async function readEvents(stream: ReadableStream<Uint8Array>, hear: (event: string, data: string) => void): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) hearBlock(block, hear);
  }
}

function hearBlock(block: string, hear: (event: string, data: string) => void): void {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  if (data.length > 0) hear(event, data.join("\n"));
  else hear("", "");
}
