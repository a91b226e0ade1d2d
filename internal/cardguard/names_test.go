package cardguard

import "testing"

func TestIsCVVName(t *testing.T) {
	for _, name := range []string{
		"cvv", "CVV", "cvv2", "cvc", "CVC2", "cvn", "cvd", "csc", "cid", "cav2", "ccv", "cv2", "card_cvv", "cardCvv", "cvvCode", "CVV Code",
		"cvv-number", "cvc_value", "security_code", "securityCode", "Security Code", "card_security_code", "cardSecurityCode",
		"verification_value", "verificationValue", "verification_code", "card_verification_number", "card.verification.code",
		"credit_card_verification", "CardVerificationValue", "instrument.cvv", "card[cvc]", "old_cvv", "shopper_cvv2", "instrument.security_code",
		"card_validation_code", "raw_card.verification_value",
	} {
		if !IsCVVName(name) {
			t.Errorf("%q: not taken for a CVV", name)
		}
	}
	for _, name := range []string{
		"", "code", "card", "card_number", "number", "value", "customer_id", "currency_code", "country_code", "postal_code",
		"state_or_province_code", "vault_token", "provider_customer_id", "payment_method_id", "iin", "last_4", "expiry_month",
		"cvv_result", "cvvResult", "cvv_response_code", "cvv_check", "cvc_check", "verification_value_required", "verification_status",
		"email_verification_code", "incident", "accident", "recv_name", "discount", "cvs", "cv", "security", "verification", "csv",
	} {
		if IsCVVName(name) {
			t.Errorf("%q: taken for a CVV", name)
		}
	}
}

func BenchmarkIsCVVName(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		IsCVVName("state_or_province_code")
	}
}
