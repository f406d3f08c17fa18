// Run a Python file in Pyodide: node run.mjs PYODIDE.mjs WHEELS FILE.py [PACKAGES FOLDER]
//
// WHEELS is a folder of wheels to unpack. PACKAGES are names, with commas between them, of packages
// that lie beside PYODIDE.mjs; Pyodide compares them with the checksums of its list. FOLDER is where
// the Python file finds itself.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [module, wheels, program, packages, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(module)));
const python = await loadPyodide();
if (packages) {
  await python.loadPackage(packages.split(","), { messageCallback() {} });
}
const extractDir = python.runPython("import site; site.getsitepackages()[0]");
for (const name of readdirSync(wheels)) {
  if (name.endsWith(".whl")) {
    const wheel = new Uint8Array(readFileSync(join(wheels, name)));
    python.unpackArchive(wheel, "wheel", { extractDir });
  }
}
if (folder) {
  python.FS.mkdir("/work");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(folder) }, "/work");
  python.FS.chdir("/work");
}
await python.runPythonAsync(readFileSync(program, "utf8"));
