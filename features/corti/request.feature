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

    @id:VEN-47 @must
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
        | /interactions/?direction=asc&pageSize=3&index=1      |
        | /interactions/?direction=asc&pageSize=1&index=1      |
        | /interactions/?direction=asc&pageSize=1&index=2      |
        | /interactions/?direction=asc&pageSize=2&index=2      |
        | /interactions/?direction=asc&pageSize=3&index=1      |
        | /interactions/?direction=asc&pageSize=3&index=100000 |
      Then each page is the part of the list that was asked for

    @id:VEN-73 @must
    Scenario: A list without pageSize is a page of ten
      Given the caller has logged in
      And the caller has created 11 of /interactions/
        """
        {"encounter": {"identifier": "locum-{number}", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists each of these
        | /interactions/?pageSize=11&index=1 |
        | /interactions/?index=1             |
      Then the list without pageSize has ten entries at most

  Rule: An interaction that was created is there, and is read as it was created

    @id:VEN-48 @must @id:VEN-49 @must
    Scenario: Interactions are created and read
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"assignedUserId": "30000000-0000-4000-8000-000000000003", "encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-2", "status": "in-progress", "type": "consultation"}, "patient": {"identifier": "locum-patient"}}
        """
      When the caller reads each that it created
      And the caller reads /interactions/00000000-0000-4000-8000-000000000000
      Then each is there, as it was created, and nothing under an id that nobody has

  Rule: A change of an interaction changes what it names, and nothing else

    @id:VEN-50 @must
    Scenario: An interaction is changed
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"assignedUserId": "10000000-0000-4000-8000-000000000001", "encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-patient"}}
        """
      When the caller reads /interactions/{interactionId}
      And the caller changes /interactions/{interactionId} to
        """
        {"assignedUserId": "20000000-0000-4000-8000-000000000002"}
        """
      And the caller reads /interactions/{interactionId}
      Then it has what was changed, and the rest as it was

  Rule: A list comes in the order that was asked for

    @id:VEN-51 @must @id:VEN-52 @must
    Scenario: A list in several orders
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"assignedUserId": "20000000-0000-4000-8000-000000000002", "encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-order"}}
        """
      And a moment later the caller has created one of /interactions/
        """
        {"assignedUserId": "30000000-0000-4000-8000-000000000003", "encounter": {"identifier": "locum-2", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-order"}}
        """
      And a moment later the caller has created one of /interactions/
        """
        {"assignedUserId": "10000000-0000-4000-8000-000000000001", "encounter": {"identifier": "locum-3", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-order"}}
        """
      When the caller lists each of these
        | /interactions/?patient=locum-order                                    |
        | /interactions/?patient=locum-order&sort=createdAt&direction=asc       |
        | /interactions/?patient=locum-order&sort=createdAt&direction=desc      |
        | /interactions/?patient=locum-order&sort=assignedUserId&direction=asc  |
        | /interactions/?patient=locum-order&sort=assignedUserId&direction=desc |
      Then each list is in the order that was asked for

  Rule: Filters limit a list to what they name

    @id:VEN-53 @must
    Scenario: A list by patient and by status
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-patient-1"}}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-2", "status": "in-progress", "type": "first_consultation"}, "patient": {"identifier": "locum-patient-1"}}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-3", "status": "planned", "type": "first_consultation"}, "patient": {"identifier": "locum-patient-2"}}
        """
      When the caller lists each of these
        | /interactions/?pageSize=20                                                     |
        | /interactions/?pageSize=20&patient=locum-patient-1                             |
        | /interactions/?pageSize=20&encounterStatus=in-progress                         |
        | /interactions/?pageSize=20&patient=locum-patient-1&encounterStatus=planned     |
        | /interactions/?pageSize=20&encounterStatus=in-progress&encounterStatus=on-hold |
      Then each list holds what its filters name, and nothing else

  Rule: A list is asked for with the values that its page allows

    @id:VEN-54 @should
    Scenario: Parameters that no page allows
      Given the caller has logged in
      When the caller lists each of these
        | /interactions/?pageSize=1&index=1    |
        | /interactions/?pageSize=0            |
        | /interactions/?index=0               |
        | /interactions/?sort=locum            |
        | /interactions/?direction=locum       |
        | /interactions/?encounterStatus=locum |
      Then each of them is refused

  Rule: An interaction is changed and deleted only by the client and the tenant that it belongs to

    @id:VEN-55 @must
    Scenario: Another client changes and deletes an interaction
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"assignedUserId": "10000000-0000-4000-8000-000000000001", "encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller reads /interactions/{interactionId}
      And /interactions/{interactionId} is to be changed and deleted in each of these ways, and read behind each
        | by another client |
      Then it is as its owner left it

    @id:VEN-55 @must
    Scenario: Another tenant changes and deletes an interaction
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"assignedUserId": "10000000-0000-4000-8000-000000000001", "encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller reads /interactions/{interactionId}
      And /interactions/{interactionId} is to be changed and deleted in each of these ways, and read behind each
        | by a client of another tenant |
      Then it is as its owner left it
