// Command mcu exports networks as C, runs them on emulated microcontrollers and counts instructions.
//
//	go run ./internal/mcu                    # a sample, held to the recorded figures
//	go run ./internal/mcu -full              # every network, format, requantization, core and level
//	go run ./internal/mcu -layers ds-cnn     # what each layer takes
//	go run ./internal/mcu -fit               # measure what each kernel takes, for estimates
//	go run ./internal/mcu -sizes             # measure what code takes, for estimates
//	go run ./internal/mcu -host              # exported C next to the engine, on this machine
//	go run ./internal/mcu -record            # write figures.csv and the table of docs/c.md; -core m4: that core alone
//
// Each export is compiled with the bare-metal start-up in the folder board and executed by QEMU,
// whose -icount makes time proportional to instructions. Before anything is believed, a loop of a
// known number of instructions must take as long as it should. Outputs must be those of the test
// that is exported with the network: the engine's, byte for byte. Cycles are those of a core's manual
// for each instruction of the blocks that QEMU says it executes.
//
// Debian has what it needs: gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm,
// gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, qemu-system-misc.
package main
