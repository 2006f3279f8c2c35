/**
 * The active currencies and fund codes of ISO 4217 (list one as of 2026-01-01), by the digits of their minor unit. Codes without a
 * minor unit (precious metals, XDR, XTS, XXX, …) are left out. `Intl` cannot be used for this: it follows CLDR, whose digits are
 * those of cash (none for IQD, AFN, LAK and a dozen more).
 */
const codesByDigits: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
    KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN
    PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
    UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const digitsByCode: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByDigits).flatMap(([digits, codes]) =>
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, Number(digits)] as const),
  ),
);

/** Whether this is the code, in capitals, of an active ISO 4217 currency with a minor unit. */
export const isCurrency = (code: string): boolean => digitsByCode.has(code);

/**
 * The digits after the decimal point of a currency in ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD. An amount is a whole number of
 * minor units: 1250 of KWD is 1.250. Returns 2 for codes that are not an `isCurrency`, as most withdrawn currencies had.
 */
export const currencyDigits = (code: string): number => digitsByCode.get(code) ?? 2;
