@judge:client @needs:sample @needs:client
Feature: The shape of a client's requests

  Rule: The token request carries client_id and client_secret in its body

    @id:REQ-06
    Scenario: The credentials travel in the body
      When the client makes 1 call
      Then each token request carries client_id and client_secret in its body

  Rule: Every REST request carries Tenant-Name with the tenant of the token URL

    @id:REQ-08
    Scenario: The client names its tenant
      When the client makes 2 calls in turn
      Then each API request names the tenant of the token request

  Rule: The client keeps a query component of the configured token URL and sends no fragment

    @id:TOK-16
    Scenario: The token URL has a query and a fragment
      Given the client's token URL ends in ?api-version=2#part
      When the client makes 1 call
      Then the token request kept the query, without the fragment
