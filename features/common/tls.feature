@judge:vendor @vendor:athelas @vendor:pattern @vendor:scribe @vendor:corti
Feature: Vendors speak TLS as it is spoken today, and give no token without it

  Background:
    Given the vendor is called over TLS

  Rule: The certificates are valid for their hosts and lead to a trusted authority

    @id:TLS-07
    Scenario: The certificate of each host
      When the caller offers TLS 1.2 and 1.3
      Then each certificate is accepted

  Rule: Neither an old version nor a broken cipher suite is taken

    @id:TLS-08
    Scenario: Offers that nobody should take
      When the caller offers TLS 1.2 and 1.3
      And the caller offers each of these alone
        | SSL 3.0       |
        | TLS 1.0       |
        | TLS 1.1       |
        | broken suites |
        | static RSA    |
      Then the vendor takes the first alone

  Rule: Credentials and tokens travel over TLS only

    @id:TOK-17 @needs:login
    Scenario: A login in the clear
      Given the first account has logged in
      When the caller sends its login in the clear
      Then it gets no token
