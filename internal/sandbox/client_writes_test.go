package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

// tokens gives the tokens of what the store holds, in order of import.
func (s *store) tokens() (tokens []string) {
	s.t.Helper()
	for _, row := range s.stored() {
		tokens = append(tokens, row.Token)
	}
	return tokens
}

// sent counts the requests of a method.
func (s *store) sent(method string) int {
	s.t.Helper()
	return len(slices.DeleteFunc(s.requests(), func(r logged) bool { return r.Method != method }))
}

func TestClientDeletesFromTheStore(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(125)
	tokens := s.tokens()
	client := s.newClient(sandbox.Token)
	got, err := client.DeleteStoredInstruments(t.Context(), tokens[:120])
	if diff := cmp.Diff(bcapi.DeleteResult{Gone: tokens[:120]}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if n := s.sent("DELETE"); n != 3 {
		t.Errorf("%d requests", n)
	}
	for _, r := range s.requests() {
		if r.Method == "DELETE" && !strings.HasSuffix(r.Path, instrumentsPath) {
			t.Errorf("a path that unvaults: %s", r.Path)
		}
	}
	got, err = client.DeleteStoredInstruments(t.Context(), tokens) // 120 of them again
	slices.Sort(got.Gone)
	if want := slices.Sorted(slices.Values(tokens)); err != nil || !slices.Equal(got.Gone, want) || got.Refused != nil {
		t.Errorf("again: %d gone, %+v, %v", len(got.Gone), got.Refused, err)
	}
	if left := s.stored(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestClientDeletesAgain: what failed for a moment is done, once and for all, and nothing else is.
func TestClientDeletesAgain(t *testing.T) {
	for _, action := range []string{
		`{"drop":"before"}`, `{"drop":"after"}`, `{"status":500}`, `{"status":503,"body":"<html>no</html>"}`,
		`{"status":429,"headers":{"X-Retry-After":0}}`,
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, sandbox.Options{})
			s.fill(3)
			tokens := s.tokens()
			s.faults(`[{"method":"DELETE","path":"/payments/stored-instruments","action":` + action + `}]`)
			got, err := s.newClient(sandbox.Token).DeleteStoredInstruments(contract.ForeignAnswer(t.Context()), tokens[:2])
			slices.Sort(got.Gone)
			if want := slices.Sorted(slices.Values(tokens[:2])); err != nil || !slices.Equal(got.Gone, want) {
				t.Errorf("%+v %v", got, err)
			}
			if left := s.tokens(); !slices.Equal(left, tokens[2:]) {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestClientDeletesAndFaults: an answer that proves nothing is not taken for one that does.
func TestClientDeletesAndFaults(t *testing.T) {
	for action, kind := range map[string]bcapi.UnknownKind{
		`{"status":200,"body":"<html>Sign in</html>"}`: bcapi.UnknownUnreadable,
		`{"status":200,"body":"OK"}`:                   bcapi.UnknownUnreadable,
		`{"status":501}`:                               bcapi.UnknownFailed,
	} {
		s := newStore(t, sandbox.Options{})
		s.fill(60)
		s.faults(`[{"path":"/payments/stored-instruments","action":{}},{"path":"/payments/stored-instruments","action":` + action + `}]`)
		got, err := s.newClient(sandbox.Token).DeleteStoredInstruments(contract.ForeignAnswer(t.Context()), s.tokens())
		if unknown := as[*bcapi.UnknownError](t, err); unknown.Kind != kind || len(got.Gone) != 50 {
			t.Errorf("%s: %d gone, %v", action, len(got.Gone), err)
		}
		if n := s.sent("DELETE"); n != 2 {
			t.Errorf("%s: sent %d times", action, n)
		}
	}
}
