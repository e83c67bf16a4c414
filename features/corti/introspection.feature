@judge:vendor
Feature: Corti tells those whom a token is for whether it lives

  Rule: Introspection is a POST of an authorised caller

    @id:INT-01 @must @id:INT-04 @must
    Scenario: Who asks otherwise is told nothing
      Given the caller stands in the audience of its own tokens
      And tokens have been issued
      When the token is introspected
      And the token is introspected in each of these ways
        | by GET                     |
        | without credentials        |
        | with another client secret |
      Then none of them is told anything, and a stranger gets 401

  Rule: A live token is active and a dead one is not

    @id:INT-02 @must @id:INT-03 @should @id:RSP-08
    Scenario: A token before and after its revocation
      Given the caller stands in the audience of its own tokens
      And tokens have been issued
      When the token is introspected
      And the caller revokes the token
      And the token is introspected in each of these ways
        | after the revocation  |
        | with an unknown token |
      Then active is true and then false, and nothing else is told of a dead token

    @id:INT-05 @must
    Scenario: A token of another tenant
      Given the caller stands in the audience of its own tokens
      And tokens have been issued
      When the token is introspected
      And the token is introspected in each of these ways
        | of the token of a client of another tenant |
      Then active is not true of a token that another tenant issued
