package storage

// ParseSize reads the size of a new or larger volume, in bytes: a whole number of
// units, "M", "MiB", "G", "GiB" or "T". Without a unit it counts GiB.
func ParseSize(number, unit string) (int64, error) {
	bad := rpcError("ParseSize", number+unit, "kParaError")
	var factor int64
	switch unit {
	case "M", "MiB":
		factor = 1 << 20
	case "G", "GiB", "":
		factor = 1 << 30
	case "T", "TiB":
		factor = 1 << 40
	default:
		return 0, bad
	}
	var n int64
	for _, r := range number {
		if r < '0' || r > '9' || n > 1<<40 {
			return 0, bad
		}
		n = n*10 + int64(r-'0')
	}
	if n == 0 || n > (1<<62)/factor {
		return 0, bad
	}
	return n * factor, nil
}
