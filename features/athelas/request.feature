@judge:vendor
Feature: Athelas serves API calls

  Rule: Include the access token in the Authorization header

    @id:BRR-01 @must
    Scenario: A call with the token is served
      Given the caller has logged in
      When the caller calls the API
      And the caller calls the API
      And the caller calls the API
      And the caller calls the API
      Then the API accepts the token each time

    @id:BRR-08 @must
    Scenario: A token in the query is not accepted
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the token in the query          |
        | with the token in the query as token |
      Then the vendor refuses each of these calls with 401

    @id:VEN-18 @must
    Scenario: A call without a token is refused
      Given the API has accepted the caller's token
      When the caller calls each of these endpoints without a token
        | create           |
        | scribe 12345     |
        | regenerate 12345 |
        | transcribe       |
        | transcription 1  |
      Then the vendor refuses each of these calls with 401 or 403

    @id:VEN-18 @must
    Scenario: A form without a token makes nothing
      Given the API has accepted the caller's token
      When somebody without a token sends this form to create
        | template_ids | {template_id}                          |
        | transcripts  | Patient reports no pain since Tuesday. |
      And somebody without a token sends this form to regenerate 12345
        | audio_files | a file visit.wav |
      And somebody without a token sends this form to transcribe
        | audio_file | a file visit.wav |
      And the caller calls the API in each of these ways
        | by HEAD, and without a token |
      Then the vendor refuses each of these calls with 401 or 403

    @id:VEN-18 @must
    Scenario: What was handed in is shown to nobody without a token
      Given the API has accepted the caller's token
      When the caller sends this form to transcribe
        | audio_file | a file visit.wav |
      And the caller reads each of these
        | transcription |
      And the caller calls each of these endpoints without a token
        | transcription |
      Then the vendor refuses it with 401 or 403

  Rule: A token without the needed permission gets 403

    @id:BRR-14 @should
    Scenario: A token without permission is told so
      Given the API has accepted the caller's token
      When a caller without permission calls the API
      Then the vendor refuses it with 403

  Rule: Who calls is checked before what is asked for

    @id:BRR-21 @should
    Scenario: An invalid call without a token
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | at /scribe/999999999                        |
        | at /scribe/999999999, and without a token   |
        | at /scribe/no-number                        |
        | at /scribe/no-number, and without a token   |
      Then the vendor refuses each call without a token for that

    @id:BRR-21 @should
    Scenario: A creation of nothing without a token
      Given leave to create something
      And the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | by POST, and at /scribe                      |
        | by POST, and at /scribe, and without a token |
      Then the vendor refuses each call without a token for that

  Rule: What is wrong, or does not exist, is refused by its own status

    @id:VEN-44 @must
    Scenario: Ids that are none
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | at /scribe/999999999         |
        | at /transcribe/999999999     |
        | at /scribe/no-number         |
        | at /transcribe/no-number     |
      Then the vendor refuses each of these calls

    @id:VEN-44 @must
    Scenario: Creations without their fields
      Given leave to create something
      And the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | by POST, and at /scribe      |
        | by POST, and at /transcribe  |
      Then the vendor refuses each of these calls

  Rule: Create, regenerate and transcribe requests are answered with 202 and the documented members

    @id:VEN-06 @must
    Scenario: A scribe is created
      Given the caller has logged in
      When the caller sends this form to create
        | template_ids | {template_id}                          |
        | transcripts  | Patient reports no pain since Tuesday. |
      Then the form is accepted with the documented members

    @id:VEN-64 @must
    Scenario: A template of others makes no scribe
      Given the caller has logged in
      When the caller sends this form to create
        | template_ids | {template_id}                          |
        | transcripts  | Patient reports no pain since Tuesday. |
      And the caller sends this form, with a template that it has not, to create
        | template_ids | 999999999                              |
        | transcripts  | Patient reports no pain since Tuesday. |
      Then the vendor refuses the other template

    @id:VEN-06 @must
    Scenario: A scribe is made anew from audio
      Given the caller has logged in
      When the caller sends this form to create
        | template_ids | {template_id}                          |
        | transcripts  | Patient reports no pain since Tuesday. |
      And the caller sends this form to regenerate
        | audio_files | a file visit.wav |
      Then each form is accepted with the documented members

    @id:VEN-43 @must
    Scenario: What was handed in to be transcribed can be read
      Given the caller has logged in
      When the caller sends this form to transcribe
        | audio_file | a file visit.wav |
      And the caller reads each of these
        | transcription |
      Then the transcription has the documented members

    @id:VEN-06 @must
    Scenario: Audio is handed in to be transcribed
      Given the caller has logged in
      When the caller sends this form to transcribe
        | audio_file | a file visit.wav |
      Then the form is accepted with the documented members
