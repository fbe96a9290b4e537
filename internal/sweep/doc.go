// Package sweep turns one file into many runs, and many runs into one table.
//
// A sweep is a folder. Its plan is the file sweep.yaml: the configuration that all
// trials share, and the axes along which they differ. Trial k is a pure function of
// the plan and k: any machine that sees the folder can run it, and a run that was
// interrupted ends with the bytes of one that was not. Nothing has to stay alive
// meanwhile, and there is no database.
//
//	DIR/sweep.yaml             the plan, complete: its base is in it, its paths are absolute
//	DIR/trials/0042/config.yaml   the trial's configuration
//	DIR/trials/0042/…             its run
//	DIR/trials/0042/attempts.jsonl  one line for each time that it was worked on
//	DIR/float/0/…              a float stage that several trials share
package sweep
