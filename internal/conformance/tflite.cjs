// Runs .tflite files with TensorFlow Lite compiled to WebAssembly, for the
// tests in Go. Argument: the folder of npm's @tensorflow/tfjs-tflite, or of
// @litertjs/core, which is newer.
//
// Standard input is requests, standard output an answer to each, in little
// endian:
//
//   request  uint32 bytes of the file, the file, uint32 bytes of inputs, inputs
//   answer   uint32 0, uint32 bytes of outputs, outputs
//            uint32 1, uint32 bytes of text, why the file cannot be run
//
// There are as many inputs as the bytes hold; each is run separately.
'use strict';
const fs = require('fs');
const path = require('path');

const wasm = path.join(process.argv[2], 'wasm');

function read(size) {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const n = fs.readSync(0, data, at, size - at);
    if (n === 0) {
      if (at === 0) return null;
      throw new Error('the request is cut off');
    }
    at += n;
  }
  return data;
}

function write(data) {
  for (let at = 0; at < data.length;) at += fs.writeSync(1, data, at);
}

function part() {
  const size = read(4);
  return size && read(size.readUInt32LE(0));
}

// load makes a module from the library's script, which is not an ES module although the
// package says that its scripts are.
function load(name, hear) {
  const file = path.resolve(wasm, name + '.js');
  const made = {exports: {}};
  new Function('module', 'exports', 'require', '__filename', '__dirname', fs.readFileSync(file, 'utf8'))(
    made, made.exports, require, file, path.dirname(file));
  return made.exports({wasmBinary: fs.readFileSync(path.join(wasm, name + '.wasm')), print: hear, printErr: hear});
}

// copied is a file in the library's memory, for the duration of use.
async function copied(library, file, use) {
  const at = library._malloc(file.length);
  library.HEAPU8.set(file, at);
  try {
    return await use(at);
  } finally {
    library._free(at);
  }
}

// each runs inputs of the given size one after the other.
async function each(inputs, size, run) {
  const outputs = [];
  for (let i = 0; i < inputs.length; i += size) outputs.push(await run(inputs.subarray(i, i + size)));
  return Buffer.concat(outputs);
}

async function tfjs(hear) {
  const tflite = await load('tflite_web_api_cc_simd', hear);
  const bytes = (tensor) => {
    const d = tensor.data();
    return new Uint8Array(d.buffer, d.byteOffset, d.byteLength);
  };
  return (file, inputs) => copied(tflite, file, async (at) => {
    const made = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, file.length,
      {numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1});
    try {
      if (!made.ok()) throw new Error(made.errorMessage());
      const runner = made.value();
      const x = runner.GetInputs().get(0);
      const y = runner.GetOutputs().get(0);
      const outputs = await each(inputs, bytes(x).length, (input) => {
        bytes(x).set(input);
        if (!runner.Infer()) throw new Error('inference failed');
        return Buffer.from(bytes(y));
      });
      runner.delete();
      return outputs;
    } finally {
      made.delete();
    }
  });
}

// litert loads the library without relaxed SIMD, which every Node.js can run.
async function litert(hear) {
  const library = await load('litert_wasm_compat_internal', hear);
  const environment = library.LiteRtEnvironment.create(null);
  const locked = (buffer, mode, use) => {
    const at = buffer.lock(mode);
    try {
      return use(library.HEAPU8.subarray(at, at + buffer.packedSize()));
    } finally {
      buffer.unlock();
    }
  };
  const {READ, WRITE} = library.LiteRtTensorBufferLockMode;
  return (file, inputs) => copied(library, file, async (at) => {
    const made = [];
    const keep = (object) => { made.push(object); return object; };
    try {
      const model = keep(library.loadModel(environment, at, file.length));
      const compiled = keep(await library.compileModel(environment, model, {
        environment: {liteRtEnvironment: environment}, accelerator: 'wasm', cpuOptions: {numThreads: 1},
        gpuOptions: {}, webNNOptions: {}}));
      const type = keep(model.getInputTensorType(0, 0));
      const x = keep(library.LiteRtTensorBuffer.createManaged(environment,
        library.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes()));
      return await each(inputs, type.bytes(), async (input) => {
        locked(x, WRITE, (bytes) => bytes.set(input));
        const [y] = await compiled.run(0, [x]);
        const output = locked(y, READ, (bytes) => Buffer.from(bytes));
        y.delete();
        return output;
      });
    } finally {
      for (const object of made.reverse()) object.delete();
    }
  });
}

function answer(status, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(status, 0);
  head.writeUInt32LE(data.length, 4);
  write(head);
  write(data);
}

async function main() {
  let said = '';
  const hear = (text) => { said += text + '\n'; };
  const run = await (fs.existsSync(path.join(wasm, 'tflite_web_api_cc_simd.wasm')) ? tfjs : litert)(hear);
  for (let file = part(); file; file = part()) {
    const inputs = part();
    said = '';
    try {
      answer(0, await run(file, inputs));
    } catch (e) {
      answer(1, Buffer.from(`${e.message || e}\n${said}`));
    }
  }
}

main();
