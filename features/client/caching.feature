@judge:client @needs:sample @needs:client
Feature: How many tokens a client asks for

  Rule: The client reuses a token within its lifetime

    @id:CACHE-01
    Scenario: Five calls take one token
      When the client makes 5 calls in turn
      Then the calls took one token request

    @id:SF-01
    Scenario: Twenty first calls at once take one token
      Given the vendor takes 150 milliseconds to issue a token
      When the client makes 20 calls at once
      Then the calls took one token request

  Rule: A refused token is replaced

    @id:CLI-05
    Scenario: A refused token is not shown again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 2 calls in turn
      Then the client fetched a new token and never showed the refused one again

    @id:RET-01
    Scenario: The refused call is sent again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 1 call
      Then the client sent the refused call once more with a new token
