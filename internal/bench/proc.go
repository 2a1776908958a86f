package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of the times in /proc/PID/stat: USER_HZ, which is 100
// on every architecture that Go runs Linux on. The kernel scales the sum of
// both times to the scheduler's nanoseconds, so only the rounding is coarse.
const clockTick = time.Second / 100

var errProc = errors.New("bench: unexpected format")

// ProcessCPU returns the user and system time that a process, with all its
// threads, has used since it began: proc_pid_stat(5), utime and stime. It is
// exact to 20 ms.
func ProcessCPU(pid int) (time.Duration, error) {
	return readProc(pid, "stat", parseStat)
}

// ProcessRSS returns the resident memory of a process in bytes, exactly
// (proc_pid_smaps(5), smaps_rollup). The kernel walks the page tables for it.
func ProcessRSS(pid int) (int64, error) {
	return readProc(pid, "smaps_rollup", func(p []byte) (int64, error) { return parseKB(p, "Rss:") })
}

// ProcessRSSQuick returns the resident memory of a process in bytes, from VmRSS
// in proc_pid_status(5): cheap enough to watch a busy server, but off by up to
// 32 pages per CPU.
func ProcessRSSQuick(pid int) (int64, error) {
	return readProc(pid, "status", func(p []byte) (int64, error) { return parseKB(p, "VmRSS:") })
}

// ProcessPeak returns the most resident memory that a process ever had, or has
// had since ResetPeak, in bytes: VmHWM, as exact as ProcessRSSQuick.
func ProcessPeak(pid int) (int64, error) {
	return readProc(pid, "status", func(p []byte) (int64, error) { return parseKB(p, "VmHWM:") })
}

// ResetPeak resets the peak of a process (proc_pid_clear_refs(5)).
func ResetPeak(pid int) error {
	if err := os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

func readProc[T any](pid int, file string, parse func([]byte) (T, error)) (T, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/" + file
	var v T
	text, err := os.ReadFile(path)
	if err != nil {
		return v, fmt.Errorf("bench: %w", err)
	}
	if v, err = parse(text); err != nil {
		return v, fmt.Errorf("%w: %s", err, path)
	}
	return v, nil
}

// parseStat returns utime + stime, fields 14 and 15. Field 2, the name in
// parentheses, may itself hold blanks and parentheses: count from the last one.
func parseStat(text []byte) (time.Duration, error) {
	i := bytes.LastIndexByte(text, ')')
	fields := bytes.Fields(text[i+1:])
	if i < 0 || len(fields) < 13 {
		return 0, errProc
	}
	var ticks time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, errProc
		}
		ticks += time.Duration(n)
	}
	return ticks * clockTick, nil
}

// parseKB returns, in bytes, the value of a line like "VmRSS:  1234 kB".
func parseKB(text []byte, key string) (int64, error) {
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == key && string(f[2]) == "kB" {
			n, err := strconv.ParseInt(string(f[1]), 10, 64)
			if err != nil {
				return 0, errProc
			}
			return n << 10, nil
		}
	}
	return 0, errProc
}
