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
