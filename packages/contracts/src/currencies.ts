/**
 * ISO 4217, list one as of 2026-01-01: the active currencies and fund codes by the number of digits of their minor unit. Codes
 * without a minor unit (precious metals, XDR, XTS, XXX, …) are left out: nothing has a price in them. `Intl` is no source for
 * this: it follows CLDR, which gives the digits that are customary in cash (none for IQD, AFN, LAK and a dozen more).
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

/** Whether this is the code of an active currency of ISO 4217 that has a minor unit; capitals alone. */
export const isCurrency = (code: string): boolean => digitsByCode.has(code);

/**
 * Digits after the decimal point of a currency, by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD. An amount of money is a whole number
 * of its minor units, so that 1250 of KWD is 1.250. 2 for a code that is none of `isCurrency`, which most withdrawn currencies had.
 */
export const currencyDigits = (code: string): number => digitsByCode.get(code) ?? 2;
