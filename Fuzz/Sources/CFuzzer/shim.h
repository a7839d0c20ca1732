// The door to libFuzzer, for programs that bring their own main (SwiftPM renames a program's main, so libFuzzer's is never found).
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *, size_t));
