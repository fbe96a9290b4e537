// Package train runs the main job: it trains a network in float, quantizes it
// after training (PTQ), trains it on with quantization in the loop (QAT),
// freezes it, and compares the three.
//
//	result, err := train.Run(ctx, train.Config{
//		Network: network, Data: data, Quantization: quantization,
//		Float: train.Stage{Epochs: 9}, QAT: train.Stage{Epochs: 3},
//	})
//
// # Actors
//
// A [Config] describes a run; [Config.Validate] lists everything that is wrong
// with it. A [Stage] is trained by an [Optimizer] whose learning rate follows
// a [Schedule]. In the QAT stage the [Milestones] say when observers begin and
// stop, when quantization begins, and when batch norm is frozen, in all layers or
// by the rules of the quantization in each ([Config.RuleMilestones]). Moments and
// lengths are a [Span], in steps or epochs. [Events] report progress; the
// [Result] holds the frozen model, the metrics, and the [Summary].
//
// # Stages
//
// Float training begins from fresh weights, or from [Config.Weights] that were
// trained elsewhere. PTQ leaves the weights as they are and lets the observers
// see [Config.Calibration] batches. QAT begins from both: the float weights
// and the ranges of PTQ. Without a float stage and given weights, QAT trains
// from scratch: calibration then lets batch norm follow the batches, so that
// the ranges suit the first step. From there they must follow activations that
// grow: a moving average with constant 0.1 does that sooner than the default,
// 0.01. Weights that change sides between two integers are watched, dampened
// or frozen ([Oscillation]), and [Config.Reestimate] averages batch norm's
// statistics again at the end. What is frozen is the end of QAT, or of PTQ
// where the QAT stage has no epochs. Evaluation covers every image of the test
// split and moves no observer. With [Config.Validation] a share of the
// training images is held out, and a stage may end early and go back to its
// best epoch.
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
// ends with the bits that the uninterrupted run ends with; it repeats what it
// had done since its last checkpoint. A damaged or foreign file is refused by
// name and the other one used. Resuming under another configuration or with
// other data is refused with a list of what differs; so are other kernels, as
// their sums round otherwise, unless the environment names them.
//
// The [Record]s are in no checkpoint. Each is a line that is appended to
// metrics.jsonl; a checkpoint has the length of that file and its SHA-256, and
// what was appended later is taken back when the run resumes.
//
// A folder belongs to one run at a time. The process that [Open] gives it to
// says so in owner.json: its host, its number, when it began. The file goes
// with [Job.Close]. If the process was killed the next one takes the folder
// over; what another host's process has left must be removed by hand, as nobody
// can know from here whether it still runs. A run that finds the file gone, or
// another's, ends before it writes anything more.
//
// Data and weights are read before the run begins, so that files which change
// later do not disturb it. Where a file cannot be written, as on a full disk or
// in a read-only folder, [Run] returns an error that names the file, and the
// last good checkpoint stays; a file that is not appended to has its final name
// only when it is whole. Cancelling the context ends the run after the step
// under way and a checkpoint; in calibration, which is short, it is the
// checkpoint before it that counts. The command petrify does that at SIGINT and
// SIGTERM and exits with 130 and 143, as shells report commands that these
// signals killed; a second signal ends it at once, without a checkpoint. Other
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
// The milestones are those of Core ML Tools' LinearQuantizer; see [Milestones]
// for what is different. Sources of the optimizers and the schedules stand at
// their equations.
package train
