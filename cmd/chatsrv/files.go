package main

import "log/slog"

// How the descriptors of the process are divided. Without a reserve for
// everything else, the store and its readers, the administrator, the log and
// backups would fail while clients still connect.
const (
	spareFiles  = 64 // not available to clients, if the limit is high enough
	fewestSpare = 40 // the same for a low limit; an idle server uses 18
	mostRefused = 128
)

// shareFiles returns how many connections there may be, and how many more refused
// ones that are told why. 0 clients means that the number of descriptors is
// unknown.
func shareFiles(files uint64) (clients, refused int) {
	if files == 0 {
		return 0, mostRefused
	}
	n := int(min(files, 1<<30))
	refused = min(max(n/16, 1), mostRefused)
	spare := min(max(n/2, fewestSpare), spareFiles)
	return max(n-spare-refused, 1), refused
}

// warnOfFewFiles logs a warning if descriptors are scarce: asked is
// --max-clients.
func warnOfFewFiles(log *slog.Logger, files uint64, asked int) {
	clients, _ := shareFiles(files)
	if clients == 0 || asked <= clients && files > 2*spareFiles {
		return
	}
	log.Warn("few_descriptors", slog.Uint64("limit", files), slog.Int("max_clients", clients),
		slog.String("remedy", "raise the limit (ulimit -n, LimitNOFILE of systemd)"))
}
