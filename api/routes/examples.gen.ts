// Made by `npm run client` from what a server answered to the lines of docs/openapi.md. Not edited by hand.
import type { Example } from './openapi.types.js';

/** Method and path → a call and its answer. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  "DELETE /v1/rules/{id}": {
    "params": {
      "id": "7"
    }
  },
  "DELETE /v1/sessions/{id}": {
    "params": {
      "id": "example-10"
    }
  },
  "GET /healthz": {
    "answer": {
      "status": "ok"
    }
  },
  "GET /readyz": {
    "answer": {
      "ready": true,
      "checks": [
        {
          "name": "store series",
          "ok": true,
          "detail": "up"
        },
        {
          "name": "store control",
          "ok": true,
          "detail": "up"
        }
      ]
    }
  },
  "GET /v1/actors": {
    "query": {
      "kind": "device",
      "limit": "1"
    },
    "answer": {
      "total": 2,
      "next": 1,
      "rows": [
        {
          "id": "hall-climate",
          "kind": "device",
          "shard": "device-0",
          "state": "connected",
          "sinceUnixMs": 1767225600000,
          "restarts": 0,
          "lastError": null,
          "mailboxDepth": 0,
          "parent": "device-0"
        }
      ]
    }
  },
  "GET /v1/alarms": {
    "query": {
      "limit": "10"
    },
    "answer": {
      "total": 1,
      "offset": 0,
      "limit": 10,
      "items": [
        {
          "id": 1,
          "publicId": "example-5",
          "ruleId": 7,
          "ruleName": "The hall is warm",
          "source": "",
          "deviceId": "hall-climate",
          "type": "threshold",
          "severity": "warning",
          "text": "Hall, climate: 31 °C",
          "labels": {},
          "value": 31,
          "active": true,
          "acknowledged": false,
          "raisedAtUnixMs": 1767225600000,
          "updatedAtUnixMs": 1767225600000,
          "clearedAtUnixMs": null,
          "acknowledgedAtUnixMs": null,
          "acknowledgedBy": null,
          "assignedTo": null,
          "shelvedUntilUnixMs": null,
          "shelvedBy": null,
          "overdue": false,
          "quiet": null,
          "repeats": 0,
          "escalated": 0,
          "parentAlarmId": null,
          "comments": 0,
          "facts": {
            "temperature": 31,
            "window": false
          }
        }
      ]
    }
  },
  "GET /v1/audit": {
    "query": {
      "subject": "users/example-2",
      "limit": "2"
    },
    "answer": {
      "total": 0,
      "offset": 0,
      "limit": 2,
      "items": []
    }
  },
  "GET /v1/channels": {
    "query": {
      "limit": "10"
    },
    "answer": {
      "total": 2,
      "offset": 0,
      "limit": 10,
      "items": [
        {
          "id": "hall-climate/temperature",
          "channel": 1,
          "deviceId": "hall-climate",
          "name": "temperature",
          "kind": "number",
          "unit": null,
          "value": 21.5,
          "atUnixMs": 1767225600000
        },
        {
          "id": "hall-climate/window",
          "channel": 2,
          "deviceId": "hall-climate",
          "name": "window",
          "kind": "boolean",
          "unit": null,
          "value": false,
          "atUnixMs": 1767225600000
        }
      ]
    }
  },
  "GET /v1/checks": {
    "answer": {
      "atUnixMs": 1767225600000,
      "deep": false,
      "mediaCount": 0,
      "fileCount": 0,
      "findings": [],
      "more": false
    }
  },
  "GET /v1/connections/summary": {
    "answer": {
      "total": 0,
      "connecting": 0,
      "connected": 0,
      "disconnected": 0,
      "error": 0,
      "stopped": 0,
      "healthyPercentage": 100
    }
  },
  "GET /v1/dashboards/{id}": {
    "params": {
      "id": "1"
    },
    "answer": {
      "id": 1,
      "publicId": "example-8",
      "name": "Hall",
      "shared": false,
      "rangeMs": 3600000,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "variables": [],
      "linked": false,
      "own": true,
      "mayChange": true,
      "widgets": [
        {
          "id": 1,
          "publicId": "example-9",
          "dashboardId": 1,
          "type": "text",
          "title": "Read me",
          "signalId": null,
          "x": 0,
          "y": 0,
          "w": 4,
          "h": 2,
          "config": {
            "text": "The climate of the hall"
          },
          "signalChannel": null
        }
      ]
    }
  },
  "GET /v1/devices": {
    "query": {
      "limit": "10"
    },
    "answer": {
      "total": 1,
      "offset": 0,
      "limit": 10,
      "items": [
        {
          "id": "hall-climate",
          "name": "Climate of the hall",
          "protocol": "native",
          "state": "connected",
          "sinceUnixMs": 1767225600000,
          "lastSeenUnixMs": 1767225600000,
          "reconnects": 0,
          "lastError": null,
          "address": null,
          "values.temperature": 21.5,
          "values.window": false
        }
      ]
    }
  },
  "GET /v1/devices/{id}": {
    "params": {
      "id": "hall-climate"
    },
    "answer": {
      "device": {
        "id": "hall-climate",
        "name": "Climate of the hall",
        "protocol": "native",
        "state": "connected",
        "sinceUnixMs": 1767225600000,
        "lastSeenUnixMs": 1767225600000,
        "reconnects": 0,
        "lastError": null,
        "address": null,
        "values.temperature": 21.5,
        "values.window": false
      },
      "channels": [
        {
          "id": "hall-climate/temperature",
          "channel": 1,
          "deviceId": "hall-climate",
          "name": "temperature",
          "kind": "number",
          "unit": null,
          "value": 21.5,
          "atUnixMs": 1767225600000
        },
        {
          "id": "hall-climate/window",
          "channel": 2,
          "deviceId": "hall-climate",
          "name": "window",
          "kind": "boolean",
          "unit": null,
          "value": false,
          "atUnixMs": 1767225600000
        }
      ]
    }
  },
  "GET /v1/discoveries": {
    "query": {
      "limit": "10"
    },
    "answer": {
      "total": 0,
      "offset": 0,
      "limit": 10,
      "items": []
    }
  },
  "GET /v1/me": {
    "answer": {
      "id": "example-1",
      "username": "examples",
      "role": "admin"
    }
  },
  "GET /v1/plugins": {
    "query": {
      "limit": "2"
    },
    "answer": {
      "total": 2,
      "offset": 0,
      "limit": 2,
      "items": [
        {
          "id": "http-json",
          "name": "HTTP / JSON",
          "version": "1.0.0",
          "vendor": "Any",
          "description": "Asks an address for JSON at a fixed pace and reads values from it by paths; sets values with PUT, POST or PATCH. One address for each device, or one list with many.",
          "source": "built-in",
          "reach": "devices",
          "discovers": [
            "server",
            "scan"
          ],
          "state": "unused",
          "error": null,
          "instances": 0,
          "devices": 0,
          "restarts": 0,
          "heapBytes": 1
        },
        {
          "id": "mqtt",
          "name": "MQTT",
          "version": "1.0.0",
          "vendor": "Any",
          "description": "Reads devices from the topics of any MQTT broker, by a mapping or by Home Assistant discovery; birth and last will say who is there; commands are answered by the state.",
          "source": "built-in",
          "reach": "server",
          "discovers": [
            "server"
          ],
          "state": "unused",
          "error": null,
          "instances": 0,
          "devices": 0,
          "restarts": 0,
          "heapBytes": 1
        }
      ]
    }
  },
  "GET /v1/projects/{id}/map": {
    "params": {
      "id": "1"
    },
    "answer": {
      "id": 1,
      "name": "Garden",
      "center": {
        "latitude": 52.5163,
        "longitude": 13.3777
      },
      "plan": null,
      "speakers": [],
      "recordings": []
    }
  },
  "GET /v1/rules/{id}": {
    "params": {
      "id": "7"
    },
    "answer": {
      "id": 7,
      "publicId": "example-3",
      "name": "The hall is warm",
      "description": "",
      "enabled": true,
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "each": null,
      "holdMs": 0,
      "keepMs": 0,
      "cooldownMs": 0,
      "inARow": 1,
      "noData": "no-data",
      "noDataAfterMs": 0,
      "onError": "error",
      "maxPerMinute": 30,
      "scheduleId": null,
      "severity": "warning",
      "labels": {},
      "text": "{{device}}: {{value}} °C",
      "actions": [],
      "parentRuleId": null,
      "escalation": [],
      "origin": "native",
      "ownerId": null,
      "lastTriggeredAtUnixMs": null,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "warnings": []
    }
  },
  "GET /v1/series": {
    "query": {
      "channel": "hall-climate/temperature",
      "from": "1767225600000",
      "to": "1767229200000"
    },
    "answer": {
      "source": "raw",
      "intervalMs": 0,
      "series": [
        {
          "channel": 1,
          "atUnixMs": [
            1767225600000,
            1767225600000
          ],
          "value": [
            21.5,
            31
          ],
          "name": "hall-climate/temperature",
          "unit": null,
          "gaps": []
        }
      ]
    }
  },
  "GET /v1/series/export": {
    "query": {
      "channel": "hall-climate/temperature",
      "from": "1767225600000",
      "to": "1767229200000",
      "format": "csv"
    }
  },
  "GET /v1/statistics": {
    "query": {
      "from": "1767225600000",
      "to": "1767229200000"
    },
    "answer": {
      "totals": {
        "sessions": 0,
        "listeningS": 0,
        "heard": 0
      },
      "times": [],
      "assets": [],
      "places": [],
      "cellM": 10
    }
  },
  "PATCH /v1/devices/{id}": {
    "params": {
      "id": "hall-climate"
    },
    "body": {
      "name": "Hall, climate"
    },
    "answer": {
      "device": {
        "id": "hall-climate",
        "name": "Hall, climate",
        "protocol": "native",
        "state": "connected",
        "sinceUnixMs": 1767225600000,
        "lastSeenUnixMs": 1767225600000,
        "reconnects": 0,
        "lastError": null,
        "address": null,
        "values.temperature": 21.5,
        "values.window": false
      },
      "channels": [
        {
          "id": "hall-climate/temperature",
          "channel": 1,
          "deviceId": "hall-climate",
          "name": "temperature",
          "kind": "number",
          "unit": null,
          "value": 21.5,
          "atUnixMs": 1767225600000
        },
        {
          "id": "hall-climate/window",
          "channel": 2,
          "deviceId": "hall-climate",
          "name": "window",
          "kind": "boolean",
          "unit": null,
          "value": false,
          "atUnixMs": 1767225600000
        }
      ]
    }
  },
  "PATCH /v1/plugin-instances/{id}": {
    "params": {
      "id": "1"
    },
    "body": {
      "name": "Rehearsal room"
    },
    "answer": {
      "id": 1,
      "plugin": "simulated",
      "name": "Rehearsal room",
      "enabled": false,
      "config": {},
      "secretsSet": []
    }
  },
  "PATCH /v1/rules/{id}": {
    "params": {
      "id": "7"
    },
    "body": {
      "description": "Open the windows."
    },
    "answer": {
      "id": 7,
      "publicId": "example-3",
      "name": "The hall is warm",
      "description": "Open the windows.",
      "enabled": true,
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "each": null,
      "holdMs": 0,
      "keepMs": 0,
      "cooldownMs": 0,
      "inARow": 1,
      "noData": "no-data",
      "noDataAfterMs": 0,
      "onError": "error",
      "maxPerMinute": 30,
      "scheduleId": null,
      "severity": "warning",
      "labels": {},
      "text": "{{device}}: {{value}} °C",
      "actions": [],
      "parentRuleId": null,
      "escalation": [],
      "origin": "native",
      "ownerId": null,
      "lastTriggeredAtUnixMs": null,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "warnings": []
    }
  },
  "PATCH /v1/sessions/{id}": {
    "params": {
      "id": "example-10"
    },
    "body": {
      "position": {
        "latitude": 52.5164,
        "longitude": 13.3779
      }
    },
    "answer": {
      "id": "example-10",
      "streamUrl": "http://localhost:8080/example-11.mp3",
      "lowLatencyUrl": "ws://localhost:8080/v1/sessions/example-10/listen",
      "number": 1,
      "projectId": 1,
      "profile": "native",
      "state": "streaming",
      "format": "mp3",
      "bitrateKbps": 128,
      "position": {
        "latitude": 52.5164,
        "longitude": 13.3779
      },
      "headingDeg": null,
      "headingWidthDeg": null,
      "rangeMinM": null,
      "rangeMaxM": null,
      "tagIds": null,
      "languageId": null,
      "listeners": 0,
      "hears": [],
      "tracks": []
    }
  },
  "PATCH /v1/users/{id}": {
    "params": {
      "id": "example-2"
    },
    "body": {
      "role": "viewer"
    },
    "answer": {
      "id": "example-2",
      "username": "ada",
      "role": "viewer",
      "createdAtUnixMs": 1767225600000,
      "passwordChangedAtUnixMs": 1767225600000
    }
  },
  "POST /v1/alarms/actions": {
    "body": {
      "ids": [
        1
      ],
      "action": "acknowledge",
      "comment": "On my way"
    },
    "answer": {
      "done": [
        1
      ],
      "refused": []
    }
  },
  "POST /v1/annotations": {
    "body": {
      "fromUnixMs": 1767225600000,
      "text": "The doors were open",
      "tags": [
        "doors"
      ]
    },
    "answer": {
      "id": 1,
      "fromUnixMs": 1767225600000,
      "toUnixMs": null,
      "text": "The doors were open",
      "channels": [],
      "tags": [
        "doors"
      ],
      "by": "examples"
    }
  },
  "POST /v1/dashboards": {
    "body": {
      "name": "Hall",
      "rangeMs": 3600000
    },
    "answer": {
      "id": 1,
      "publicId": "example-8",
      "name": "Hall",
      "shared": false,
      "rangeMs": 3600000,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "variables": [],
      "linked": false,
      "own": true,
      "mayChange": true,
      "widgets": []
    }
  },
  "POST /v1/dashboards/{id}/widgets": {
    "params": {
      "id": "1"
    },
    "body": {
      "type": "text",
      "title": "Read me",
      "x": 0,
      "y": 0,
      "w": 4,
      "h": 2,
      "config": {
        "text": "The climate of the hall"
      }
    },
    "answer": {
      "id": 1,
      "publicId": "example-9",
      "dashboardId": 1,
      "type": "text",
      "title": "Read me",
      "signalId": null,
      "x": 0,
      "y": 0,
      "w": 4,
      "h": 2,
      "config": {
        "text": "The climate of the hall"
      },
      "signalChannel": null
    }
  },
  "POST /v1/devices": {
    "body": {
      "id": "hall-climate",
      "name": "Climate of the hall"
    },
    "answer": {
      "device": {
        "id": "hall-climate",
        "name": "Climate of the hall",
        "protocol": "native",
        "state": "disconnected",
        "sinceUnixMs": 0,
        "lastSeenUnixMs": null,
        "reconnects": 0,
        "lastError": null,
        "address": null
      },
      "channels": []
    }
  },
  "POST /v1/experiments": {
    "body": {
      "name": "Cooling, first run",
      "channels": [
        "hall-climate/temperature"
      ]
    },
    "answer": {
      "id": 1,
      "publicId": "example-7",
      "name": "Cooling, first run",
      "notes": "",
      "channels": [
        "hall-climate/temperature"
      ],
      "startedAtUnixMs": null,
      "stoppedAtUnixMs": null,
      "ownerId": null,
      "createdAtUnixMs": 1767225600000
    }
  },
  "POST /v1/experiments/{id}/start": {
    "params": {
      "id": "1"
    },
    "answer": {
      "id": 1,
      "publicId": "example-7",
      "name": "Cooling, first run",
      "notes": "",
      "channels": [
        "hall-climate/temperature"
      ],
      "startedAtUnixMs": 1767225600000,
      "stoppedAtUnixMs": null,
      "ownerId": null,
      "createdAtUnixMs": 1767225600000
    }
  },
  "POST /v1/experiments/{id}/stop": {
    "params": {
      "id": "1"
    },
    "answer": {
      "id": 1,
      "publicId": "example-7",
      "name": "Cooling, first run",
      "notes": "",
      "channels": [
        "hall-climate/temperature"
      ],
      "startedAtUnixMs": 1767225600000,
      "stoppedAtUnixMs": 1767225600000,
      "ownerId": null,
      "createdAtUnixMs": 1767225600000
    }
  },
  "POST /v1/expressions/check": {
    "body": {
      "text": "[hall-climate/temperature] > 30"
    },
    "answer": {
      "ok": true,
      "kind": "boolean",
      "unit": null,
      "text": "[hall-climate/temperature] > 30",
      "channels": [
        "hall-climate/temperature"
      ],
      "variables": [],
      "problems": []
    }
  },
  "POST /v1/journal": {
    "body": {
      "level": "info",
      "text": "Filters changed"
    },
    "answer": {
      "id": 1,
      "publicId": "example-6",
      "atUnixMs": 1767225600000,
      "level": "info",
      "text": "Filters changed",
      "read": false,
      "by": "examples",
      "ownerId": null
    }
  },
  "POST /v1/locations": {
    "body": {
      "kind": "building",
      "name": "Opera house"
    },
    "answer": {
      "id": 1,
      "parentId": null,
      "kind": "building",
      "name": "Opera house"
    }
  },
  "POST /v1/performers": {
    "body": {
      "name": "Ada",
      "notes": "prefers the handheld"
    },
    "answer": {
      "id": 1,
      "name": "Ada",
      "photoMediaId": null,
      "backgroundMediaId": null,
      "notes": "prefers the handheld",
      "photoUrl": null,
      "backgroundUrl": null
    }
  },
  "POST /v1/plugin-instances": {
    "body": {
      "plugin": "simulated",
      "name": "Rehearsal",
      "enabled": false,
      "config": {}
    },
    "answer": {
      "id": 1,
      "plugin": "simulated",
      "name": "Rehearsal",
      "enabled": false,
      "config": {},
      "secretsSet": []
    }
  },
  "POST /v1/projects": {
    "body": {
      "name": "Garden",
      "latitude": 52.5163,
      "longitude": 13.3777
    },
    "answer": {
      "id": 1,
      "name": "Garden",
      "owner": "",
      "latitude": 52.5163,
      "longitude": 13.3777,
      "publishedAtUnixMs": 1767225600000,
      "audioFormat": "mp3",
      "audioBitrateKbps": 128,
      "autoSubmit": false,
      "maxRecordingS": 30,
      "listenQuestionsDynamic": false,
      "speakQuestionsDynamic": false,
      "sharingUrl": "",
      "outOfRangeUrl": "",
      "recordingRadiusM": 25,
      "listenEnabled": true,
      "geoListenEnabled": true,
      "speakEnabled": true,
      "geoSpeakEnabled": true,
      "resetTagDefaultsOnStartup": false,
      "timedAssetFirst": true,
      "repeatMode": "stop",
      "filesUrl": "",
      "filesVersion": "",
      "ordering": "random",
      "demoStreamEnabled": false,
      "demoStreamUrl": "",
      "outOfRangeM": 1000,
      "bannedS": 1800,
      "masterGain": 1,
      "targetLufs": null,
      "output": null,
      "plan": null,
      "demoStreamMessageLocIds": [],
      "legalAgreementLocIds": [],
      "descriptionLocIds": [],
      "sharingMessageLocIds": [],
      "outOfRangeMessageLocIds": [],
      "languageIds": [
        1
      ]
    }
  },
  "POST /v1/rules": {
    "body": {
      "name": "The hall is warm",
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "severity": "warning",
      "text": "{{device}}: {{value}} °C"
    },
    "answer": {
      "id": 7,
      "publicId": "example-3",
      "name": "The hall is warm",
      "description": "",
      "enabled": true,
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "each": null,
      "holdMs": 0,
      "keepMs": 0,
      "cooldownMs": 0,
      "inARow": 1,
      "noData": "no-data",
      "noDataAfterMs": 0,
      "onError": "error",
      "maxPerMinute": 30,
      "scheduleId": null,
      "severity": "warning",
      "labels": {},
      "text": "{{device}}: {{value}} °C",
      "actions": [],
      "parentRuleId": null,
      "escalation": [],
      "origin": "native",
      "ownerId": null,
      "lastTriggeredAtUnixMs": null,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "warnings": []
    }
  },
  "POST /v1/rules/{id}/disable": {
    "params": {
      "id": "7"
    },
    "answer": {
      "id": 7,
      "publicId": "example-3",
      "name": "The hall is warm",
      "description": "Open the windows.",
      "enabled": false,
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "each": null,
      "holdMs": 0,
      "keepMs": 0,
      "cooldownMs": 0,
      "inARow": 1,
      "noData": "no-data",
      "noDataAfterMs": 0,
      "onError": "error",
      "maxPerMinute": 30,
      "scheduleId": null,
      "severity": "warning",
      "labels": {},
      "text": "{{device}}: {{value}} °C",
      "actions": [],
      "parentRuleId": null,
      "escalation": [],
      "origin": "native",
      "ownerId": null,
      "lastTriggeredAtUnixMs": null,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "warnings": []
    }
  },
  "POST /v1/rules/{id}/enable": {
    "params": {
      "id": "7"
    },
    "answer": {
      "id": 7,
      "publicId": "example-3",
      "name": "The hall is warm",
      "description": "Open the windows.",
      "enabled": true,
      "condition": {
        "type": "threshold",
        "channel": "hall-climate/temperature",
        "op": ">",
        "value": 30,
        "clear": 28
      },
      "each": null,
      "holdMs": 0,
      "keepMs": 0,
      "cooldownMs": 0,
      "inARow": 1,
      "noData": "no-data",
      "noDataAfterMs": 0,
      "onError": "error",
      "maxPerMinute": 30,
      "scheduleId": null,
      "severity": "warning",
      "labels": {},
      "text": "{{device}}: {{value}} °C",
      "actions": [],
      "parentRuleId": null,
      "escalation": [],
      "origin": "native",
      "ownerId": null,
      "lastTriggeredAtUnixMs": null,
      "createdAtUnixMs": 1767225600000,
      "updatedAtUnixMs": 1767225600000,
      "warnings": []
    }
  },
  "POST /v1/samples": {
    "body": {
      "deviceId": "hall-climate",
      "samples": [
        {
          "name": "temperature",
          "value": 21.5
        },
        {
          "name": "window",
          "value": false
        }
      ]
    },
    "answer": {
      "stored": 2,
      "repeated": 0,
      "where": "store"
    }
  },
  "POST /v1/schedules": {
    "body": {
      "name": "Evenings",
      "timeZone": "Europe/Berlin",
      "weekly": [
        {
          "days": [
            5,
            6
          ],
          "from": "18:00",
          "to": "23:00"
        }
      ]
    },
    "answer": {
      "id": 1,
      "name": "Evenings",
      "timeZone": "Europe/Berlin",
      "weekly": [
        {
          "days": [
            5,
            6
          ],
          "from": "18:00",
          "to": "23:00"
        }
      ],
      "cron": null,
      "cronOpenMs": 0,
      "days": []
    }
  },
  "POST /v1/sessions": {
    "body": {
      "projectId": 1,
      "position": {
        "latitude": 52.5163,
        "longitude": 13.3777
      }
    },
    "answer": {
      "id": "example-10",
      "streamUrl": "http://localhost:8080/example-11.mp3",
      "lowLatencyUrl": "ws://localhost:8080/v1/sessions/example-10/listen",
      "number": 1,
      "projectId": 1,
      "profile": "native",
      "state": "streaming",
      "format": "mp3",
      "bitrateKbps": 128,
      "position": {
        "latitude": 52.5163,
        "longitude": 13.3777
      },
      "headingDeg": null,
      "headingWidthDeg": null,
      "rangeMinM": null,
      "rangeMaxM": null,
      "tagIds": null,
      "languageId": null,
      "listeners": 0,
      "hears": [],
      "tracks": []
    }
  },
  "POST /v1/sessions/{id}/pause": {
    "params": {
      "id": "example-10"
    },
    "answer": {
      "id": "example-10",
      "streamUrl": "http://localhost:8080/example-11.mp3",
      "lowLatencyUrl": "ws://localhost:8080/v1/sessions/example-10/listen",
      "number": 1,
      "projectId": 1,
      "profile": "native",
      "state": "paused",
      "format": "mp3",
      "bitrateKbps": 128,
      "position": {
        "latitude": 52.5164,
        "longitude": 13.3779
      },
      "headingDeg": null,
      "headingWidthDeg": null,
      "rangeMinM": null,
      "rangeMaxM": null,
      "tagIds": null,
      "languageId": null,
      "listeners": 0,
      "hears": [],
      "tracks": [],
      "done": true,
      "message": null
    }
  },
  "POST /v1/silences": {
    "body": {
      "matchers": [
        {
          "label": "deviceId",
          "op": "=",
          "value": "hall-climate"
        }
      ],
      "fromUnixMs": 1893456000000,
      "untilUnixMs": 1893459600000,
      "reason": "Rehearsal"
    },
    "answer": {
      "id": 1,
      "matchers": [
        {
          "label": "deviceId",
          "op": "=",
          "value": "hall-climate"
        }
      ],
      "fromUnixMs": 1893456000000,
      "untilUnixMs": 1893459600000,
      "by": "examples",
      "reason": "Rehearsal"
    }
  },
  "POST /v1/sql": {
    "body": {
      "sql": "SELECT 1 AS one"
    },
    "answer": {
      "columns": [
        {
          "name": "one",
          "type": "UInt8"
        }
      ],
      "rows": [
        [
          1
        ]
      ]
    }
  },
  "POST /v1/tag-categories": {
    "body": {
      "name": "mood"
    },
    "answer": {
      "id": 1,
      "name": "mood",
      "data": ""
    }
  },
  "POST /v1/tags": {
    "body": {
      "projectId": 1,
      "categoryId": 1,
      "value": "calm"
    },
    "answer": {
      "id": 1,
      "projectId": 1,
      "categoryId": 1,
      "value": "calm",
      "description": "",
      "data": "",
      "filter": "",
      "location": null,
      "descriptionLocIds": [],
      "messageLocIds": []
    }
  },
  "POST /v1/targets": {
    "body": {
      "name": "Our chat",
      "kind": "webhook",
      "enabled": false,
      "config": {
        "url": "https://chat.example.org/hook"
      }
    },
    "answer": {
      "id": 1,
      "publicId": "example-4",
      "name": "Our chat",
      "kind": "webhook",
      "enabled": false,
      "config": {
        "url": "https://chat.example.org/hook",
        "headers": {},
        "allowPrivate": false,
        "attempts": 3,
        "retryMs": 2000,
        "timeoutMs": 10000
      },
      "events": [],
      "createdAtUnixMs": 1767225600000,
      "secrets": [],
      "circuit": "closed"
    }
  },
  "POST /v1/tracks": {
    "body": {
      "projectId": 1,
      "minVolume": 0.6,
      "maxVolume": 0.8
    },
    "answer": {
      "id": 1,
      "projectId": 1,
      "active": true,
      "minVolume": 0.6,
      "maxVolume": 0.8,
      "minDurationS": 10,
      "maxDurationS": 30,
      "minDeadAirS": 1,
      "maxDeadAirS": 3,
      "minFadeInS": 0.1,
      "maxFadeInS": 0.5,
      "minFadeOutS": 0.1,
      "maxFadeOutS": 2,
      "minPan": 0,
      "maxPan": 0,
      "minPanDurationS": 5,
      "maxPanDurationS": 10,
      "repeatRecordings": false,
      "tagIds": [],
      "startWithSilence": false,
      "bannedS": 0,
      "fadeOutWhenFiltered": false,
      "timedPriority": "normal"
    }
  },
  "POST /v1/users": {
    "body": {
      "username": "ada",
      "password": "a-long-one-please",
      "role": "operator"
    },
    "answer": {
      "id": "example-2",
      "username": "ada",
      "role": "operator",
      "createdAtUnixMs": 1767225600000,
      "passwordChangedAtUnixMs": 1767225600000
    }
  },
  "POST /v1/variables": {
    "body": {
      "name": "show_runs",
      "kind": "boolean",
      "value": false
    },
    "answer": {
      "id": 1,
      "name": "show_runs",
      "kind": "boolean",
      "value": false,
      "unit": null,
      "description": "",
      "updatedAtUnixMs": 1767225600000,
      "updatedBy": "operator"
    }
  },
  "PUT /v1/log-level": {
    "body": {
      "level": "info",
      "forS": 60
    },
    "answer": {
      "level": "info",
      "usual": "info",
      "untilUnixMs": 1767225600000
    }
  },
  "PUT /v1/variables/{name}": {
    "params": {
      "name": "show_runs"
    },
    "body": {
      "value": true
    },
    "answer": {
      "id": 1,
      "name": "show_runs",
      "kind": "boolean",
      "value": true,
      "unit": null,
      "description": "",
      "updatedAtUnixMs": 1767225600000,
      "updatedBy": "examples"
    }
  }
};
