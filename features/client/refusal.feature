@judge:client @needs:sample @needs:client
Feature: A token that is refused

  Rule: A 401 with an empty or HTML body, or without WWW-Authenticate, is handled like any 401

    @id:RET-05
    Scenario: A 401 in three forms
      Given the client has made 1 call
      When the client's token is refused as documented and it makes 2 calls
      And the client's token is refused with an empty 401 and it makes 2 calls
      And the client's token is refused with a web page and it makes 2 calls
      Then the client did the same each time

  Rule: A POST that is sent again after 401 is sent once more only, with the same bytes

    @id:RET-07
    Scenario: A POST is refused
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client posts 3 kilobytes as text
      Then the client sent the same bytes again, once

    @id:RET-08
    Scenario: A streamed POST is refused
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client posts 3 kilobytes as stream
      Then the client sent the whole body again, or reported the failure

  Rule: A 401 for a token that was already replaced does not cause another token request

    @id:SF-04
    Scenario: A refusal comes late
      Given the client has made 1 call
      When the refusal of one call is held until another call has a new token
      And the client makes 1 call
      Then the client asked for no third token
