@judge:client @needs:sample @needs:client
Feature: Clients over TLS

  Rule: The client works with a good certificate, and speaks nothing but TLS

    @id:TLS-04 @id:TOK-17
    Scenario: A good certificate
      Given the vendor speaks TLS with a good certificate
      When the client makes 1 call
      Then the client logged in and called, and nothing came in plain text

  Rule: The client refuses a certificate that is outside of its time

    @id:TLS-01 @id:TLS-05 @id:ERR-18
    Scenario: An expired certificate
      Given the vendor speaks TLS with a certificate that has expired
      When the client makes 1 call
      Then the client sent no request

    @id:TLS-01 @id:TLS-05
    Scenario: A certificate that is not valid yet
      Given the vendor speaks TLS with a certificate that is not valid yet
      When the client makes 1 call
      Then the client sent no request

    @id:TLS-01
    Scenario: An expired certificate of the API
      Given the API alone speaks TLS, with a certificate that has expired
      When the client makes 1 call
      Then the client sent no API call

  Rule: The client refuses a certificate for another host

    @id:TLS-02
    Scenario: Another host's certificate at the API
      Given the API alone speaks TLS, with a certificate for another host
      When the client makes 1 call
      Then the client sent no API call

    @id:TLS-02 @id:TLS-05
    Scenario: Another host's certificate
      Given the vendor speaks TLS with a certificate for another host
      When the client makes 1 call
      Then the client sent no request

  Rule: The client refuses a certificate that no trusted authority issued

    @id:TLS-03
    Scenario: A self-signed certificate of the API
      Given the API alone speaks TLS, with a self-signed certificate
      When the client makes 1 call
      Then the client sent no API call

    @id:TLS-03 @id:TLS-05
    Scenario: A self-signed certificate
      Given the vendor speaks TLS with a self-signed certificate
      When the client makes 1 call
      Then the client sent no request

    @id:TLS-03 @id:TLS-05
    Scenario: A certificate of an unknown authority
      Given the vendor speaks TLS with a certificate of an unknown authority
      When the client makes 1 call
      Then the client sent no request

  Rule: After a TLS failure the client does not fall back to plain text

    @id:TLS-05
    Scenario: A handshake that is broken off
      Given the vendor breaks each TLS handshake off
      When the client makes 1 call
      Then nothing came in plain text

  Rule: What the client makes of a server that knows TLS 1.1 alone is reported

    @id:TLS-06
    Scenario: An old version of TLS
      Given the vendor offers TLS 1.1 alone
      When the client makes 1 call
      Then it is told whether the client went on
