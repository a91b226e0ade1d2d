package tools

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// sealer signs what a client keeps for the server between two calls.
type sealer struct{ key [32]byte }

// newSealer makes a sealer whose key is gone with the process, and with it what
// was sealed.
func newSealer() sealer {
	var s sealer
	_, _ = rand.Read(s.key[:]) // never fails
	return s
}

// namedSealer makes a sealer that every process with the same name has. It tells
// what was altered by mistake, or meant for another name; who means to can seal
// whatever they like, so what it opens must not be trusted further than an
// argument.
func namedSealer(name string) sealer { return sealer{sha256.Sum256([]byte(name))} }

// seal gives a value as text that only this sealer opens.
func (s sealer) seal(value any) string {
	text, err := json.Marshal(value)
	if err != nil { // plain structs only
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(text), text...))
}

// open gives a value back, unless the text was altered or is another sealer's.
func (s sealer) open(sealed string, value any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], s.mac(raw[sha256.Size:])) {
		return false
	}
	return json.Unmarshal(raw[sha256.Size:], value) == nil
}

func (s sealer) mac(text []byte) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write(text)
	return h.Sum(nil)
}
