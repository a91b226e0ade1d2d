package cardguard

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// harmless makes values that fields hold and that are no card numbers.
var harmless = []struct {
	name string
	make func(r *rand.Rand) string
}{
	{"hex of 64", func(r *rand.Rand) string { return randomHex(r, 32) }},
	{"hex of 32", func(r *rand.Rand) string { return randomHex(r, 16) }},
	{"UUID", func(r *rand.Rand) string {
		h := randomHex(r, 16)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}},
	{"base62 of 24", func(r *rand.Rand) string {
		const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		b := make([]byte, 24)
		for i := range b {
			b[i] = base62[r.IntN(len(base62))]
		}
		return string(b)
	}},
	{"phone", func(r *rand.Rand) string {
		form := []string{"%03d%03d%04d", "%03d-%03d-%04d", "(%03d) %03d-%04d", "+1 %03d.%03d.%04d"}[r.IntN(4)]
		return fmt.Sprintf(form, 200+r.IntN(800), r.IntN(1000), r.IntN(10000))
	}},
	{"ISO time", func(r *rand.Rand) string {
		layout := []string{
			time.DateOnly, time.DateTime, time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00",
			"2006-01-02T15:04:05.000000Z07:00", "2006-01-02 15:04:05.000000-07", "2006-01-02 15:04:05.999999999 -0700 MST",
			"2006-01-02T15:04Z07:00",
		}[r.IntN(9)]
		zone := time.FixedZone("", (r.IntN(25)-12)*3600)
		return randomTime(r).In(zone).Format(layout)
	}},
	{"two times", func(r *rand.Rand) string {
		form := []string{"%s - %s", "%s/%s", "from %s %s"}[r.IntN(3)]
		layout := []string{"2006-01-02 15:04", "02.01.2006 15:04", "01/02/2006, 15:04", "20060102 15:04", "15:04 02/01/2006", time.DateTime, "2006-01-02T15:04"}[r.IntN(7)]
		return fmt.Sprintf(form, randomTime(r).Format(layout), randomTime(r).Format(layout))
	}},
	{"opening hours and phone", func(r *rand.Rand) string {
		form := []string{"%d 09:%02d-17:%02d %03d %04d", "No. %d, 08:%02d - 18:%02d, %03d-%04d", "%d 8:%02d 20:%02d %03d%04d"}[r.IntN(3)]
		return fmt.Sprintf(form, r.IntN(100_000), r.IntN(60), r.IntN(60), r.IntN(1000), r.IntN(10_000))
	}},
	{"log line", func(r *rand.Rand) string {
		form := []string{"%d %s %d", "[%d] %s: %d", "%06d|%s|%08d"}[r.IntN(3)]
		at := randomTime(r).Format([]string{"15:04:05", "15:04:05.000", "15:04:05,000000"}[r.IntN(3)])
		return fmt.Sprintf(form, r.IntN(1_000_000), at, r.IntN(100_000_000))
	}},
	{"epoch seconds", func(r *rand.Rand) string { return strconv.FormatInt(randomTime(r).Unix(), 10) }},
	{"epoch milliseconds", func(r *rand.Rand) string { return strconv.FormatInt(randomTime(r).UnixMilli(), 10) }},
	{"epoch microseconds", func(r *rand.Rand) string { return strconv.FormatInt(randomTime(r).UnixMicro(), 10) }},
	{"epoch nanoseconds", func(r *rand.Rand) string { return strconv.FormatInt(randomTime(r).UnixNano(), 10) }},
}

func randomHex(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

// randomTime returns a time between 2001 and 2033.
func randomTime(r *rand.Rand) time.Time { return time.Unix(1e9+r.Int64N(1e9), r.Int64N(1e9)).UTC() }

func TestHarmlessValuesPass(t *testing.T) {
	for _, h := range harmless {
		r := rand.New(rand.NewPCG(1, 2))
		for range 50_000 {
			if s := h.make(r); ContainsCardNumber(s) {
				t.Fatalf("%s: %q is taken for a card number", h.name, s)
			}
		}
	}
}

// The rate per million values; run it with -benchtime 1000000x.
func BenchmarkFalsePositives(b *testing.B) {
	for _, h := range harmless {
		b.Run(h.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			found := 0
			for range b.N {
				if ContainsCardNumber(h.make(r)) {
					found++
				}
			}
			b.ReportMetric(float64(found)*1e6/float64(b.N), "false/million")
		})
	}
}

func BenchmarkContainsCardNumber(b *testing.B) {
	for _, bench := range []struct{ name, in string }{
		{"short", "5292sx35"},
		{"few digits", "sam.williams1985@email.example"},
		{"phone", "+1 (101) 192-0293"},
		{"token of 64", "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c"},
		{"UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
		{"not Latin", "Москва, улица Льва Толстого, дом шестнадцать"},
		{"card number", "4111 1111 1111 1111"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				ContainsCardNumber(bench.in)
			}
		})
	}
}
