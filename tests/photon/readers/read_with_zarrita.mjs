// Run by Node.js beside zarrita, without this package: write an array's floats to a file.
import { writeFileSync } from "node:fs";
import FileSystemStore from "@zarrita/storage/fs";
import * as zarr from "zarrita";

const [folder, output] = process.argv.slice(2);
const array = await zarr.open.v2(new FileSystemStore(folder), { kind: "array" });
if (array.attrs.codec_name !== "photon") {
  throw new Error("the attributes are not there");
}
const { data } = await zarr.get(array);
writeFileSync(output, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
