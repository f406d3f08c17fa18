// Unpack wheels in Pyodide and run a Python file: node run.mjs PYODIDE.mjs FOLDER_OF_WHEELS FILE.py

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [module, wheels, program] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(module)));
const python = await loadPyodide();
for (const name of readdirSync(wheels)) {
  if (name.endsWith(".whl")) {
    python.unpackArchive(new Uint8Array(readFileSync(join(wheels, name))), "wheel");
  }
}
await python.runPythonAsync(readFileSync(program, "utf8"));
