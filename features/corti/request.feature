@judge:vendor
Feature: Corti serves API calls

  Rule: The access token is a Bearer token in the Authorization header

    @id:BRR-01 @must
    Scenario: A call with the token is served
      Given the caller has logged in
      When the caller calls the API
      Then the API accepts the token

    @id:BRR-08 @must
    Scenario: A token in the query is not accepted
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the token in the query                |
        | with the token in the query as at a socket |
      Then the vendor refuses each of these calls with 401

  Rule: The access token authenticates any API request

    @id:VEN-18 @must
    Scenario: A call without a token is refused
      Given the API has accepted the caller's token
      When the caller calls each of these endpoints without a token
        | list_interactions  |
        | create_interaction |
      Then the vendor refuses each of these calls with 401 or 403

    @id:VEN-18 @must
    Scenario: What was created is read by nobody without a token
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller calls /interactions/{interactionId}, which it created, and then without a token
      Then the vendor refuses each of these calls with 401 or 403

  Rule: A 401 of the REST API has an empty body and says invalid_token in WWW-Authenticate

    @id:VEN-20 @should
    Scenario: The challenge says invalid_token
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with an unknown token              |
        | with the token's signature changed |
      Then each of these calls is refused by a challenge that says invalid_token, without a body

  Rule: Requests name the tenant in a header

    @id:VEN-13 @may
    Scenario: The tenant is left out
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | without the header Tenant-Name |
      Then the status of this call is reported

  Rule: Creating an interaction returns a websocket URL that already names the tenant

    @id:VEN-27 @must
    Scenario: A new interaction comes with the URL of its stream
      Given the API has accepted the caller's token
      When the caller creates one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      Then the reply has the URL of a socket that names the tenant and shows no token

  Rule: An interaction is readable only for the client and the tenant that it belongs to

    @id:VEN-32 @must
    Scenario: Another client does not read an interaction
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller reads /interactions/{interactionId}
      And /interactions/{interactionId} is read in each of these ways
        | as another client |
      Then none of these readers gets it

    @id:VEN-32 @must
    Scenario: Another tenant does not read an interaction
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller reads /interactions/{interactionId}
      And /interactions/{interactionId} is read in each of these ways
        | as a client of another tenant                         |
        | as a client of another tenant with the owner's tenant |
      Then none of these readers gets it

  Rule: A list holds none of another client or of another tenant

    @id:VEN-45 @must
    Scenario: Another client lists the interactions
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists /interactions/
      And /interactions/ is listed in each of these ways
        | as another client |
      Then the new one is in the list of its owner alone

    @id:VEN-45 @must
    Scenario: Another tenant lists the interactions
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists /interactions/
      And /interactions/ is listed in each of these ways
        | as a client of another tenant |
      Then the new one is in the list of its owner alone

  Rule: What was deleted is gone

    @id:VEN-46 @must
    Scenario: An interaction is deleted
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller reads /interactions/{interactionId}
      And the caller deletes /interactions/{interactionId}
      And the caller reads /interactions/{interactionId}, which was deleted
      Then it is not served any more

  Rule: A list comes in pages of pageSize, counted from 1

    @id:VEN-47 @should
    Scenario: Each page is its part of the list
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-2", "status": "planned", "type": "first_consultation"}}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-3", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists each of these
        | /interactions/?direction=asc&pageSize=3&index=1 |
        | /interactions/?direction=asc&pageSize=1&index=1 |
        | /interactions/?direction=asc&pageSize=1&index=2 |
        | /interactions/?direction=asc&pageSize=2&index=2 |
        | /interactions/?direction=asc&pageSize=3&index=1 |
      Then each page is the part of the list that was asked for
