// Package train runs the main job: it trains a network in float, quantizes it
// after training (PTQ), continues with quantization in the loop (QAT), freezes
// it, and compares the three.
//
//	result, err := train.Run(ctx, train.Config{
//		Network: network, Data: data, Quantization: quantization,
//		Float: train.Stage{Epochs: 9}, QAT: train.Stage{Epochs: 3},
//	})
//
// # Actors
//
// A [Config] describes a run; [Config.Validate] lists everything that is wrong
// with it. A [Stage] is trained by an [Optimizer] whose learning rate follows a
// [Schedule]. In the QAT stage the [Milestones] say when observers begin and
// stop, when quantization begins, and when batch norm comes to rest, for all
// layers or by rule ([Config.RuleMilestones]). Moments and lengths are a
// [Span], in steps or epochs. [Events] report progress; the [Result] holds the
// frozen model, the metrics, and the [Summary].
//
// # Stages
//
// Float training starts from random weights, or from [Config.Weights] that were
// trained elsewhere. PTQ leaves the weights as they are and shows
// [Config.Calibration] batches to the observers; with fewer than 8 bits, batch
// norm's statistics are then those of the quantized network, if that lowers the
// loss on these batches. QAT starts from the float network and the ranges of PTQ. Without a float stage and given weights, QAT
// trains from scratch: batch norm then follows the batches during calibration,
// so that the ranges suit the first step. Afterwards the ranges must follow
// growing activations, which a moving average with constant 0.1 does sooner
// than the default, 0.01. Weights that oscillate between two integers are
// watched, dampened or frozen ([Oscillation]), and [Config.Reestimate] averages
// batch norm's statistics again at the end. The frozen model is that at the end
// of QAT, or of PTQ if the QAT stage has no epochs. Evaluation covers every
// image of the test split and moves no observer. With [Config.Validation] a
// share of the training images is held out, and a stage may end early and
// return to its best epoch.
//
// # Runs that cannot be lost
//
// With [Config.Out] a run keeps its last two checkpoints, each written to a
// temporary file, flushed and renamed: one every 20 seconds, or as
// [Config.Checkpoint] says, and one at the end of each stage. A checkpoint is a
// safetensors file with a SHA-256 over all its contents. It holds weights,
// batch norm's statistics, quantizers with their observers, learned scales, the
// optimizer's state, the state of the random generator and the place in the
// epoch. A run that was interrupted, or killed at any instant, and is resumed
// ends with the same bits as an uninterrupted run; it repeats what it had done
// since its last checkpoint. A damaged or foreign file is refused by name, and
// the other one is used. Resuming with another configuration or other data is
// refused with a list of what differs. Another processor may resume a run, with
// whatever kernels it has: the bits are the same.
//
// Checkpoints contain neither the [Record]s nor the [Survey]s. Each is a line that
// is appended to metrics.jsonl or layers.jsonl; a checkpoint has the lengths of
// these files and their SHA-256, and lines appended later are removed when the run
// resumes.
//
// A folder belongs to one run at a time. [Open] records the process that owns
// it in owner.json: its host, its number, when it began. [Job.Close] removes
// the file. If the process was killed, the next one takes the folder over; a
// file left by a process on another host must be removed by hand, as it is
// impossible to know from here whether that process still runs. A run that
// finds the file gone or replaced ends before it writes anything more.
//
// Data and weights are read before the run begins, so that later changes to the
// files do not disturb it. If a file cannot be written, as on a full disk or in
// a read-only folder, [Run] returns an error that names the file, and the last
// good checkpoint remains; files that are not appended to get their final name
// only once they are complete. Cancelling the context ends the run after the
// current step and a checkpoint; during calibration, which is short, the
// checkpoint before it counts. The command petrify does that on SIGINT and
// SIGTERM and exits with 130 and 143, as shells report commands killed by these
// signals; a second signal ends it at once, without a checkpoint. Other
// failures exit with 1.
//
// # Determinism
//
// The same configuration, data, and version give the same model, for any
// number of processors. Random numbers come from PCG generators (M. O'Neill,
// "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
// for Random Number Generation", HMC-CS-2014-0905) that [Config.Seed] seeds:
// one for the model, and one for the order of each epoch's images.
//
// The milestones are those of Core ML Tools' LinearQuantizer; [Milestones]
// lists the differences. The sources of optimizers and schedules are given with
// their equations.
package train
