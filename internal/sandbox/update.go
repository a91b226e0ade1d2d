package sandbox

import "net/http"

// updateRequest is one object, the instrument named in it. is_default is taken like make_default, since shipped code
// sends it (docs/api-facts.md 2.6).
type updateRequest struct {
	Token            string      `json:"token"`
	BillingAddress   *addressIn  `json:"billing_address"`
	TrustedAddresses []addressIn `json:"trusted_shipping_addresses"`
	MakeDefault      bool        `json:"make_default"`
	IsDefault        bool        `json:"is_default"`
}

func (s *Server) updateInstrument(c *call) (answer, error) {
	var request updateRequest
	if err := c.decodeObject(&request); err != nil {
		return answer{}, err
	}
	if err := request.check(); err != nil {
		return answer{}, err
	}
	token, ok := parseInstrumentToken(request.Token)
	if !ok {
		return answer{}, errNoInstrument()
	}
	s.mu.Lock()
	rec, ok := s.vault.update(token, request.BillingAddress, request.MakeDefault || request.IsDefault)
	s.mu.Unlock()
	if !ok {
		return answer{}, errNoInstrument()
	}
	data, err := rec.stored()
	return answer{body: envelope{data, emptyMeta{}}}, err
}

func (r updateRequest) check() error {
	var problems problemList
	problems.unless(r.Token != "", "token", "is required")
	if r.BillingAddress != nil {
		problems.checkAddress("billing_address", *r.BillingAddress)
	}
	for _, address := range r.TrustedAddresses {
		problems.checkAddress("trusted_shipping_addresses", address)
	}
	if len(problems) == 0 {
		return nil
	}
	refused := refuse(http.StatusUnprocessableEntity, "Invalid field(s)")
	refused.fields = map[string]string{}
	for _, p := range problems {
		refused.fields[p.field] = p.message
	}
	return refused
}

func errNoInstrument() *refusal { return refuse(http.StatusNotFound, "Instrument not found") }
