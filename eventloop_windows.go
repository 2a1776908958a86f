package netloop

// afd and wsapoll are to come; until then New returns ErrNoBackend.
var backends []BackendInfo
