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
      And the client makes 2 calls in turn
      Then the client sent the refused call once more with a new token

  Rule: A token outlives idle times, closed connections and errors that say nothing of it

    @id:CACHE-02
    Scenario: The token survives an idle time and a closed connection
      Given the first API request meets
        """
        {"close": true}
        """
      When the client makes 1 call
      And 2000 milliseconds pass
      And the client makes 1 call
      Then no second token request arrived

    @id:CACHE-04
    Scenario Outline: The token survives <status>
      Given the client has made 1 call
      When from now on each API request meets
        """
        {"status": <status>, "headers": {"Content-Type": "application/json"}, "body": "{\"detail\":\"no\",\"message\":\"no\"}"}
        """
      And the client makes 1 call within 3 seconds
      And the vendor's faults end
      And the client makes 1 call
      Then the client kept its token

      Examples:
        | status |
        | 403    |
        | 404    |
        | 422    |
        | 500    |

  Rule: Two client instances with different credentials or tenants never share a token

    @id:CACHE-03
    Scenario: Three instances keep their tokens apart
      Given two more instances, one with other credentials and one that differs in one thing
      When the three instances make 20 calls each, in turn
      Then each instance showed tokens of its own account

  Rule: A client that is given new credentials uses them

    @id:CACHE-05
    Scenario: A new secret is used for the next token
      Given the client has made 1 call
      When the account gets a new secret, and the client is given it
      And the vendor revokes the client's token
      And the client makes 2 calls in turn
      Then the client sent the new secret and never the old one again

    @id:CACHE-05
    Scenario: Another account is used for the next call
      Given the client has made 1 call
      When the client is given another account
      And the client makes 1 call
      Then the next call showed a token of the new account
