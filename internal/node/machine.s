// This file lets machine.go declare a function without a body.
