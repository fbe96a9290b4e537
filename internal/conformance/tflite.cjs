// Runs .tflite files with TensorFlow Lite compiled to WebAssembly, for the
// tests in Go. Argument: the folder of npm's @tensorflow/tfjs-tflite.
//
// Standard input is requests, standard output an answer to each, in little
// endian:
//
//   request  uint32 bytes of the file, the file, uint32 bytes of inputs, inputs
//   answer   uint32 0, uint32 bytes of outputs, outputs
//            uint32 1, uint32 bytes of text, why the file cannot be run
//
// Inputs are as many as the bytes hold; each is run by itself.
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

function bytes(tensor) {
  const d = tensor.data();
  return new Uint8Array(d.buffer, d.byteOffset, d.byteLength);
}

function run(tflite, file, inputs) {
  const at = tflite._malloc(file.length);
  tflite.HEAPU8.set(file, at);
  const made = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, file.length,
    {numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1});
  try {
    if (!made.ok()) throw new Error(made.errorMessage());
    const runner = made.value();
    const x = runner.GetInputs().get(0);
    const y = runner.GetOutputs().get(0);
    const size = bytes(x).length;
    const outputs = [];
    for (let i = 0; i < inputs.length; i += size) {
      bytes(x).set(inputs.subarray(i, i + size));
      if (!runner.Infer()) throw new Error('inference failed');
      outputs.push(Buffer.from(bytes(y)));
    }
    runner.delete();
    return Buffer.concat(outputs);
  } finally {
    made.delete();
    tflite._free(at);
  }
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
  const tflite = await require(path.join(wasm, 'tflite_web_api_cc_simd.js'))({
    wasmBinary: fs.readFileSync(path.join(wasm, 'tflite_web_api_cc_simd.wasm')), print: hear, printErr: hear});
  for (let file = part(); file; file = part()) {
    const inputs = part();
    said = '';
    try {
      answer(0, run(tflite, file, inputs));
    } catch (e) {
      answer(1, Buffer.from(`${e.message || e}\n${said}`));
    }
  }
}

main();
