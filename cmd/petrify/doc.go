// Command petrify trains small networks with quantization in the loop and
// freezes them into files that other runtimes execute.
//
//	petrify train                        the whole job on the embedded digits
//	petrify train -c run.yaml            the job that a file describes
//	petrify quantize MODEL               PTQ alone, without training
//	petrify analyze RUN                  which layer loses at 8 to 2 bits
//	petrify search RUN --budget ...      the bits of each layer that fit a budget
//	petrify data PATH                    what would be read, and how, without training
//	petrify import FILE.onnx             turn an ONNX file into a network to train
//	petrify inspect MODEL                layers, scales and bytes of a frozen model
//	petrify export MODEL --format onnx   write it for another runtime
//	petrify verify RUN                   prove that training, integers and exports agree
//	petrify predict MODEL INPUT...       the class of pictures, sounds, tables or arrays, or the outputs
//	petrify evaluate MODEL               accuracy by class, confusion, calibration; float beside quantized
//	petrify bench MODEL                  what quantization saves on this machine
//	petrify config print|schema          every key of the file, with its meaning
//	petrify version
//
// Results go to standard output, everything else to standard error. The exit
// code is 0 for success, 1 for a failure, 2 for a mistake on the command line
// or in a configuration, 130 after Ctrl-C and 143 after SIGTERM, as shells
// report commands killed by a signal. The first signal lets the command save
// its work; a second one ends it at once.
//
// Where Linux limits the memory, by a control group or `ulimit -v`, data and
// runs that cannot fit are refused before the work begins, with what they need.
// Go's runtime itself takes 0.7 or 1.2 GB of address space; with less, it ends
// the process before petrify begins.
package main
