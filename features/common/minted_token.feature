# What only somebody with the vendor's own key can make: a mock mints it.
@judge:vendor @vendor:athelas @vendor:scribe @vendor:corti
Feature: A token with one thing wrong is refused although the vendor's key signed it

  Rule: The verifier knows its algorithm and the extensions that it supports

    @id:JWT-03
    Scenario: Another algorithm of the same key
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault                     |
        | minted under another algorithm             |
        | minted with its algorithm in small letters |
      Then the vendor refuses all but the first

    @id:JWT-13
    Scenario: An extension that has to be understood
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault      |
        | minted with an unknown crit |
      Then the vendor refuses all but the first

  Rule: The times of a token are numbers, and they are kept

    @id:JWT-09
    Scenario: A token whose time has not come
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault |
        | minted for later       |
      Then the vendor refuses all but the first

    @id:JWT-10
    Scenario: The end of a token has a fraction, or is text
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault                 |
        | minted with an exp that has a fraction |
        | minted with an exp that is text        |
      Then the vendor refuses the last alone

    @id:JWT-12
    Scenario: A token without an end
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault |
        | minted without exp     |
      Then the vendor refuses all but the first

    @id:JWT-19
    Scenario: A token that ends twice
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault                  |
        | minted with exp past and then exp ahead |
        | minted with exp ahead and then exp past |
      Then the first end does not count

  Rule: A token is of one issuer for one audience

    @id:JWT-14
    Scenario: A token of another issuer
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault   |
        | minted by another issuer |
      Then the vendor refuses all but the first

    @id:JWT-15
    Scenario: A token for another audience
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | minted without a fault      |
        | minted for another audience |
      Then the vendor refuses all but the first
