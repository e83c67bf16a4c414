@judge:client
Feature: A client of Corti

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @must
    Scenario: The client logs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

  Rule: The token request carries client_id and client_secret in its body

    @id:REQ-06 @must
    Scenario: The credentials travel in the body
      When the client makes 1 call
      Then each token request carries client_id and client_secret in its body

  Rule: Every REST request carries Tenant-Name with the tenant of the token URL

    @id:REQ-08 @must
    Scenario: The client names its tenant
      When the client makes 2 calls in turn
      Then each API request names the tenant of the token request

  Rule: The client reuses a token within its lifetime

    @id:CACHE-01 @must
    Scenario: Five calls take one token
      When the client makes 5 calls in turn
      Then the calls took one token request

    @id:SF-01 @must
    Scenario: Twenty first calls at once take one token
      Given the vendor takes 150 milliseconds to issue a token
      When the client makes 20 calls at once
      Then the calls took one token request

  Rule: After a 401 to a cached token the client fetches a new one

    @id:CLI-05 @must
    Scenario: A refused token is not shown again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 2 calls in turn
      Then the client fetched a new token and never showed the refused one again

    @id:RET-01 @should
    Scenario: The refused call is sent again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 1 call
      Then the client sent the refused call once more with a new token

  Rule: The access token is passed in the URL of a websocket

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-08 @must
    Scenario: The space travels as %20
      When the client opens the socket {websocketUrl}
      Then the space of the token parameter is written as %20

    @id:WSS-09 @must
    Scenario: The token follows the word Bearer
      When the client opens the socket {websocketUrl}
      Then the token parameter starts with its prefix

    @id:WSS-10 @must
    Scenario: The tenant of the returned URL stays
      When the client opens the socket {websocketUrl}
      Then the upgrade keeps the URL's tenant-name

    @id:WSS-11 @must
    Scenario: The token is appended to the query that is there
      When the client opens the socket {websocketUrl}
      Then the token is one more parameter of the URL's query
