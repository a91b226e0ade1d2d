package bcapi

import (
	"net/http"
	"testing"
	"time"
)

func TestReadLimits(t *testing.T) {
	const prefix = "X-Rate-Limit-"
	tests := []struct {
		name   string
		header []string
		want   limits
	}{
		{"nothing", nil, limits{}},
		{
			"all", []string{prefix + "Requests-Quota", "150", prefix + "Requests-Left", "35", prefix + "Time-Reset-Ms", "15000", prefix + "Time-Window-Ms", "30000", "X-Retry-After", "15"},
			limits{quota: 150, left: 35, reset: 15 * time.Second, length: 30 * time.Second, retryAfter: 15 * time.Second},
		},
		{"no reset", []string{prefix + "Requests-Quota", "150", prefix + "Requests-Left", "35"}, limits{}},
		{"no left", []string{prefix + "Requests-Quota", "150", prefix + "Time-Reset-Ms", "10"}, limits{reset: 10 * time.Millisecond}},
		{"left above quota", []string{prefix + "Requests-Quota", "150", prefix + "Requests-Left", "151", prefix + "Time-Reset-Ms", "10"}, limits{reset: 10 * time.Millisecond}},
		{"negative", []string{prefix + "Requests-Quota", "-1", prefix + "Requests-Left", "-5", prefix + "Time-Reset-Ms", "-10", "X-Retry-After", "-3"}, limits{}},
		{"absurd", []string{prefix + "Requests-Quota", "99999999999999999999", prefix + "Requests-Left", "1", prefix + "Time-Reset-Ms", "99999999999", "X-Retry-After", "86400000"}, limits{}},
		{"words", []string{prefix + "Requests-Quota", "many", "X-Retry-After", "soon"}, limits{}},
		{"a date", []string{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}, limits{}},
		{"quota of none", []string{prefix + "Requests-Quota", "0", prefix + "Requests-Left", "0", prefix + "Time-Reset-Ms", "10"}, limits{reset: 10 * time.Millisecond}},
		{"standard name", []string{"Retry-After", "7"}, limits{retryAfter: 7 * time.Second}},
		{"own name first", []string{"Retry-After", "7", "X-Retry-After", "9"}, limits{retryAfter: 9 * time.Second}},
	}
	for _, tt := range tests {
		header := make(http.Header)
		for i := 0; i < len(tt.header); i += 2 {
			header.Set(tt.header[i], tt.header[i+1])
		}
		if got := readLimits(header); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
