package bcapi

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestIDLists(t *testing.T) {
	same := func(s string) string { return s }
	for name, tt := range map[string]struct {
		ids  []string
		want []int
	}{
		"none":                     {nil, nil},
		"as many as fit":           {slices.Repeat([]string{"aaaaaa"}, 400), []int{400}},
		"one more":                 {slices.Repeat([]string{"aaaaaa"}, 401), []int{400, 1}},
		"as many as may":           {slices.Repeat([]string{"a"}, 1000), []int{500, 500}},
		"escaped ones take more":   {slices.Repeat([]string{"::"}, 401), []int{400, 1}},
		"one too long for any":     {[]string{"a", strings.Repeat("a", 5000), "a"}, []int{1, 1, 1}},
		"the longest is not first": {append(slices.Repeat([]string{"a"}, 3), strings.Repeat("a", 3590)), []int{3, 1}},
	} {
		var sizes []int
		var all []string
		for ids := range idLists(tt.ids, 500, same) {
			if n := len(url.QueryEscape(strings.Join(ids, ","))); n > maxIDList && len(ids) > 1 {
				t.Errorf("%s: %d characters", name, n)
			}
			sizes, all = append(sizes, len(ids)), append(all, ids...)
		}
		if !slices.Equal(sizes, tt.want) || !slices.Equal(all, tt.ids) {
			t.Errorf("%s: lists of %v, want %v", name, sizes, tt.want)
		}
	}
}
