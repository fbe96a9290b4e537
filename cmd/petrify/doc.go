// Command petrify trains small networks with quantization in the loop, and
// freezes their scales into files that other runtimes execute.
//
//	petrify train                        the whole job on the embedded digits
//	petrify train -c run.yaml            on what a file describes
//	petrify inspect MODEL                layers, scales and bytes of a frozen model
//	petrify export MODEL --format onnx   write it for another runtime
//	petrify verify RUN                   prove that training, integers and exports agree
//	petrify bench MODEL                  what quantization saves in time and memory here
//	petrify config print|schema          every key of the file, with its meaning
//	petrify version
//
// Results go to standard output, everything else to standard error. The exit
// code is 0 for success, 1 for a failure, 2 for a command line or a
// configuration that is wrong, 130 after Ctrl-C, 143 after SIGTERM: the last two
// as shells report commands that a signal killed. The first signal lets the
// command save its work, the second one ends it at once.
//
// Where Linux limits the memory, by a control group or `ulimit -v`, data and runs
// that cannot fit are refused before the work begins, with what they need. Go's
// runtime itself takes 0.7 or 1.2 GB of address space; where there is less, it
// ends the process before petrify begins.
package main
