// Made from the server’s own description by `npm run client`; a test compares both. Not edited by hand.

import type { Upload } from './calls.types.js';

type Nothing = Record<never, never>;

/** Method → path → what the call takes, and what it answers. Numbers in a path may be given as text. */
export interface Calls {
  GET: {
    '/docs': Nothing;
    '/healthz': {
      answer: { status: 'ok' };
    };
    '/metrics': Nothing;
    '/readyz': {
      answer: { ready: boolean; checks: { name: string; ok: boolean; detail: string }[] };
    };
    '/v1/actors': {
      query: {
        kind?: string | undefined;
        state?: string | undefined;
        shard?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        next: number | null;
        rows: {
          id: string;
          kind: string;
          shard: string;
          parent: string;
          state: string;
          sinceUnixMs: number;
          restarts: number;
          lastError: string | null;
          mailboxDepth: number;
        }[];
      };
    };
    '/v1/alarm-routes': {
      query: {
        parentId?: number | undefined;
        position?: number | undefined;
        name?: string | undefined;
        groupWaitMs?: number | undefined;
        groupIntervalMs?: number | undefined;
        repeatMs?: number | undefined;
        goOn?: string | boolean | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetAlarmRoutesAnswerItemsOne[] };
    };
    '/v1/alarm-routes/{id}': {
      params: { id: number | string };
      answer: GetAlarmRoutesAnswerItemsOne;
    };
    '/v1/alarms': {
      query: {
        active?: 'true' | 'false' | boolean | undefined;
        acknowledged?: 'true' | 'false' | boolean | undefined;
        overdue?: 'true' | 'false' | boolean | undefined;
        mine?: 'true' | 'false' | boolean | undefined;
        severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | undefined;
        type?: string | undefined;
        ruleId?: number | undefined;
        deviceId?: string | undefined;
        assignedTo?: string | undefined;
        text?: string | undefined;
        from?: number | undefined;
        to?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          publicId: string;
          ruleId: number | null;
          ruleName: string;
          source: string;
          deviceId: string | null;
          type: string;
          severity: 'critical' | 'major' | 'minor' | 'warning' | 'info';
          text: string;
          labels: Record<string, string>;
          value: number | string | null;
          active: boolean;
          acknowledged: boolean;
          raisedAtUnixMs: number;
          updatedAtUnixMs: number;
          clearedAtUnixMs: number | null;
          acknowledgedAtUnixMs: number | null;
          acknowledgedBy: string | null;
          assignedTo: string | null;
          shelvedUntilUnixMs: number | null;
          shelvedBy: string | null;
          overdue: boolean;
          quiet: 'silence' | 'schedule' | 'parent' | 'shelved' | null;
          repeats: number;
          escalated: number;
          parentAlarmId: number | null;
          comments: number;
          facts: Record<string, unknown>;
        }[];
      };
    };
    '/v1/alarms/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        publicId: string;
        ruleId: number | null;
        ruleName: string;
        source: string;
        deviceId: string | null;
        type: string;
        severity: 'critical' | 'major' | 'minor' | 'warning' | 'info';
        text: string;
        labels: Record<string, string>;
        value: number | string | null;
        active: boolean;
        acknowledged: boolean;
        raisedAtUnixMs: number;
        updatedAtUnixMs: number;
        clearedAtUnixMs: number | null;
        acknowledgedAtUnixMs: number | null;
        acknowledgedBy: string | null;
        assignedTo: string | null;
        shelvedUntilUnixMs: number | null;
        shelvedBy: string | null;
        overdue: boolean;
        quiet: 'silence' | 'schedule' | 'parent' | 'shelved' | null;
        repeats: number;
        escalated: number;
        parentAlarmId: number | null;
        facts: Record<string, unknown>;
        comments: { id: number; atUnixMs: number; by: string; text: string }[];
      };
    };
    '/v1/alarms/{id}/history': {
      params: { id: number | string };
      answer: { items: { atUnixMs: number; kind: string; detail: Record<string, unknown> }[] };
    };
    '/v1/annotations': {
      query: {
        fromUnixMs?: number | undefined;
        toUnixMs?: number | undefined;
        text?: string | undefined;
        by?: string | undefined;
        from?: number | undefined;
        to?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          fromUnixMs: number;
          toUnixMs: number | null;
          text: string;
          channels: string[];
          tags: string[];
          by: string;
        }[];
      };
    };
    '/v1/annotations/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        fromUnixMs: number;
        toUnixMs: number | null;
        text: string;
        channels: string[];
        tags: string[];
        by: string;
      };
    };
    '/v1/assets': {
      query: {
        projectId?: number | undefined;
        sessionId?: number | undefined;
        userId?: number | undefined;
        languageId?: number | undefined;
        mediaType?: string | undefined;
        mediaId?: string | undefined;
        filename?: string | undefined;
        description?: string | undefined;
        latitude?: number | undefined;
        longitude?: number | undefined;
        radiusM?: number | undefined;
        placed?: string | boolean | undefined;
        law?: string | undefined;
        volume?: number | undefined;
        weight?: number | undefined;
        submitted?: string | boolean | undefined;
        startS?: number | undefined;
        endS?: number | undefined;
        lengthS?: number | undefined;
        loudnessLufs?: number | undefined;
        ingest?: string | undefined;
        ingestError?: string | undefined;
        createdAtUnixMs?: number | undefined;
        updatedAtUnixMs?: number | undefined;
        tagIds?: string | undefined;
        tagIdsAny?: string | undefined;
        text?: string | undefined;
        userText?: string | undefined;
        minLengthS?: number | undefined;
        maxLengthS?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetAssetsAnswerItemsOne[] };
    };
    '/v1/assets/{id}': {
      params: { id: number | string };
      answer: GetAssetsAnswerItemsOne;
    };
    '/v1/assets/{id}/peaks': {
      params: { id: number | string };
      answer: { secondsPerPeak: number; peaks: number[] };
    };
    '/v1/assignments': {
      query: {
        performerId?: number | undefined;
        rfChannelId?: number | undefined;
        priority?: string | undefined;
        userId?: string | undefined;
        alertOnBattery?: string | boolean | undefined;
        alertOnSignal?: string | boolean | undefined;
        alertOnAudio?: string | boolean | undefined;
        alertOnOffline?: string | boolean | undefined;
        fromUnixMs?: number | undefined;
        toUnixMs?: number | undefined;
        notes?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetAssignmentsAnswerItemsOne[] };
    };
    '/v1/assignments/{id}': {
      params: { id: number | string };
      answer: GetAssignmentsAnswerItemsOne;
    };
    '/v1/audit': {
      query: {
        by?: string | undefined;
        subject?: string | undefined;
        action?: string | undefined;
        text?: string | undefined;
        from?: number | undefined;
        to?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          atUnixMs: number;
          by: string;
          address: string;
          action: string;
          subject: string;
          before: Record<string, unknown> | null;
          after: Record<string, unknown> | null;
          requestId: string | null;
        }[];
      };
    };
    '/v1/auth-sessions': {
      answer: {
        items: {
          id: string;
          userId: string;
          username: string;
          address: string;
          userAgent: string;
          createdAtUnixMs: number;
          usedAtUnixMs: number;
          expiresAtUnixMs: number;
          current: boolean;
        }[];
      };
    };
    '/v1/backup': {
      query: { media?: 'true' | 'false' | boolean | undefined; history?: 'true' | 'false' | boolean | undefined };
    };
    '/v1/backup/status': {
      answer: {
        state: 'none' | 'running' | 'done' | 'failed' | 'cancelled';
        phase: 'settings' | 'history' | 'media' | null;
        files: number;
        ofFiles: number;
        bytes: number;
        by: string | null;
        startedAtUnixMs: number | null;
        finishedAtUnixMs: number | null;
        error: string | null;
      };
    };
    '/v1/board-groups': {
      query: {
        number?: number | undefined;
        title?: string | undefined;
        hideCharts?: string | boolean | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; number: number; title: string; slots: number[]; hideCharts: boolean }[];
      };
    };
    '/v1/board-groups/{id}': {
      params: { id: number | string };
      answer: { id: number; number: number; title: string; slots: number[]; hideCharts: boolean };
    };
    '/v1/channels': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetChannelsAnswerItemsOne[] };
    };
    '/v1/checks': {
      query: { deep?: string | undefined };
      answer: GetChecksAnswer;
    };
    '/v1/configuration': Nothing;
    '/v1/configuration/versions': {
      answer: { items: { id: string; atUnixMs: number; sizeBytes: number }[] };
    };
    '/v1/configuration/versions/{id}': {
      params: { id: string };
    };
    '/v1/connections': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: string;
          deviceName: string;
          instanceId: number;
          instanceName: string;
          vendor: string;
          address: string | null;
          state: 'connecting' | 'connected' | 'disconnected' | 'error' | 'stopped';
          sinceUnixMs: number;
          held: boolean;
          waiting: boolean;
          connectedAtUnixMs: number | null;
          disconnectedAtUnixMs: number | null;
          lastMessageAtUnixMs: number | null;
          attempts: number;
          nextAttemptAtUnixMs: number | null;
          reconnects: number;
          errorCount: number;
          errorMessage: string | null;
          lastErrorAtUnixMs: number | null;
          readsDropped: number;
          [more: string]: unknown;
        }[];
      };
    };
    '/v1/connections/summary': {
      query: { vendor?: string | undefined; instanceId?: number | undefined };
      answer: {
        total: number;
        connecting: number;
        connected: number;
        disconnected: number;
        error: number;
        stopped: number;
        healthyPercentage: number;
      };
    };
    '/v1/connections/{id}/history': {
      params: { id: string };
      query: { from?: number | undefined; to?: number | undefined; limit?: number | undefined };
      answer: { transitions: { atUnixMs: number; state: string; reason: string | null }[] };
    };
    '/v1/dashboards': {
      answer: {
        items: {
          id: number;
          publicId: string;
          name: string;
          shared: boolean;
          variables: {
            name: string;
            label: string;
            kind: 'device' | 'channel' | 'text';
            value: string;
            options?: string[];
          }[];
          rangeMs: number;
          linked: boolean;
          own: boolean;
          mayChange: boolean;
          createdAtUnixMs: number;
          updatedAtUnixMs: number;
          widgetCount: number;
        }[];
      };
    };
    '/v1/dashboards/{id}': {
      params: { id: number | string };
      answer: GetDashboardsIdAnswer;
    };
    '/v1/dashboards/{id}/widgets': {
      params: { id: number | string };
      answer: { items: GetDashboardsIdAnswerWidgetsOne[] };
    };
    '/v1/deliveries': {
      query: {
        targetId?: number | undefined;
        alarmId?: number | undefined;
        state?: 'pending' | 'delivered' | 'failed' | 'dead' | undefined;
        kind?: 'target' | 'action' | undefined;
        event?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetDeliveriesAnswerItemsOne[] };
    };
    '/v1/device-records': {
      query: {
        deviceId?: string | undefined;
        instanceId?: number | undefined;
        externalId?: string | undefined;
        role?: string | undefined;
        address?: string | undefined;
        port?: number | undefined;
        serial?: string | undefined;
        mac?: string | undefined;
        model?: string | undefined;
        firmware?: string | undefined;
        reportedName?: string | undefined;
        givenName?: string | undefined;
        lifecycle?: string | undefined;
        lifecycleSinceUnixMs?: number | undefined;
        lifecycleReason?: string | undefined;
        enabled?: string | boolean | undefined;
        locationId?: number | undefined;
        notes?: string | undefined;
        createdAtUnixMs?: number | undefined;
        updatedAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetDeviceRecordsAnswerItemsOne[] };
    };
    '/v1/device-records/{id}': {
      params: { id: number | string };
      answer: GetDeviceRecordsAnswerItemsOne;
    };
    '/v1/devices': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetDevicesAnswerItemsOne[] };
    };
    '/v1/devices/{id}': {
      params: { id: string };
      answer: GetDevicesIdAnswer;
    };
    '/v1/devices/{id}/commands': {
      params: { id: string };
      query: { limit?: number | undefined };
      answer: { items: GetDevicesIdCommandsAnswerItemsOne[] };
    };
    '/v1/devices/{id}/desired': {
      params: { id: string };
      answer: { items: GetDevicesIdDesiredAnswerItemsOne[] };
    };
    '/v1/devices/{id}/parameters': {
      params: { id: string };
      answer: {
        items: {
          id: string;
          name: string;
          kind: 'number' | 'text' | 'boolean';
          direction: 'input' | 'output' | 'bidirectional';
          unit?: string;
          min?: number;
          max?: number;
          decimals?: number;
          part?: number;
          safeValue?: number | string | boolean;
          options?: string[];
          [more: string]: unknown;
        }[];
      };
    };
    '/v1/diagnostics': Nothing;
    '/v1/discoveries': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: string;
          instanceId: number;
          instanceName: string;
          externalId: string;
          address: string | null;
          role: string;
          name: string | null;
          model: string | null;
          serial: string | null;
          mac: string | null;
          channels: number | null;
          state: 'pending' | 'approved' | 'rejected' | 'imported' | 'duplicate';
          duplicateOf: string | null;
          conflict: string | null;
          source: string;
          firstSeenUnixMs: number;
          lastSeenUnixMs: number;
          [more: string]: unknown;
        }[];
      };
    };
    '/v1/envelopes': {
      query: {
        sessionId?: number | undefined;
        createdAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; sessionId: number; createdAtUnixMs: number }[];
      };
    };
    '/v1/envelopes/{id}': {
      params: { id: number | string };
      answer: { id: number; sessionId: number; createdAtUnixMs: number };
    };
    '/v1/events': {
      query: {
        kind?: string | undefined;
        subject?: string | undefined;
        from: number;
        to: number;
        limit?: number | undefined;
      };
      answer: { events: { atUnixMs: number; kind: string; subject: string; detail: Record<string, unknown> }[] };
    };
    '/v1/experiments': {
      query: {
        publicId?: string | undefined;
        name?: string | undefined;
        notes?: string | undefined;
        startedAtUnixMs?: number | undefined;
        stoppedAtUnixMs?: number | undefined;
        ownerId?: string | undefined;
        createdAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetExperimentsAnswerItemsOne[] };
    };
    '/v1/experiments/compare': {
      query: {
        ids: string;
        channel?: string | undefined;
        aggregation?: 'avg' | 'min' | 'max' | 'last' | 'minmax' | undefined;
        maxPoints?: number | undefined;
      };
      answer: {
        runs: {
          id: number;
          name: string;
          startedAtUnixMs: number;
          durationMs: number;
          series: { name: string; unit: string | null; atMs: number[]; value: (number | string)[] }[];
        }[];
      };
    };
    '/v1/experiments/{id}': {
      params: { id: number | string };
      answer: GetExperimentsAnswerItemsOne;
    };
    '/v1/experiments/{id}/csv': {
      params: { id: number | string };
    };
    '/v1/exports': {
      answer: { items: GetExportsAnswerItemsOne[] };
    };
    '/v1/exports/{id}': {
      params: { id: string };
      answer: GetExportsAnswerItemsOne;
    };
    '/v1/exports/{id}/download': {
      params: { id: string };
    };
    '/v1/health': {
      answer: {
        status: 'ok' | 'degraded';
        version: string;
        uptimeS: number;
        stores: {
          id: string;
          home: string;
          state: 'up' | 'away' | 'starting' | 'off';
          latencyMs: number | null;
          rowsPerSecond: number | null;
          pendingRows: number | null;
          spoolBytes: number | null;
          lastError: string | null;
          [more: string]: unknown;
        }[];
        shards: {
          id: string;
          kind: 'device' | 'media' | 'plugin' | 'main' | 'rule' | 'notify';
          state: 'starting' | 'running' | 'stuck' | 'lost' | 'stopped';
          actors: number;
          restarts: number;
          loopDelayMs: number;
          loopDelayP99Ms: number;
          heapBytes: number;
          lastError: string | null;
          [more: string]: unknown;
        }[];
        rates: Record<string, number>;
      };
    };
    '/v1/health/devices': {
      answer: {
        state: 'healthy' | 'partial' | 'unhealthy' | 'unconfigured' | 'unknown';
        vendors: {
          instanceId: number;
          name: string;
          plugin: string;
          state: 'healthy' | 'partial' | 'unhealthy' | 'unconfigured' | 'unknown';
          message: string | null;
          devices: number;
          connected: number;
        }[];
        counts: {
          devices: number;
          connected: number;
          healthy: number;
          warning: number;
          stale: number;
          offline: number;
          unknown: number;
        };
      };
    };
    '/v1/journal': {
      query: {
        publicId?: string | undefined;
        atUnixMs?: number | undefined;
        level?: string | undefined;
        text?: string | undefined;
        read?: string | boolean | undefined;
        by?: string | undefined;
        ownerId?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          level: 'error' | 'warning' | 'info';
          text: string;
          read: boolean;
          publicId: string;
          atUnixMs: number;
          by: string;
          ownerId: string | null;
        }[];
      };
    };
    '/v1/journal/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        level: 'error' | 'warning' | 'info';
        text: string;
        read: boolean;
        publicId: string;
        atUnixMs: number;
        by: string;
        ownerId: string | null;
      };
    };
    '/v1/kiosk-links': {
      query: { offset?: number | undefined; limit?: number | undefined };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          name: string;
          groupId: number | null;
          createdBy: string;
          createdAtUnixMs: number;
          expiresAtUnixMs: number | null;
        }[];
      };
    };
    '/v1/kiosk/{secret}': {
      params: { secret: string };
      answer: {
        name: string;
        expiresAtUnixMs: number | null;
        group: { id: number; number: number; title: string; slots: number[]; hideCharts: boolean } | null;
      };
    };
    '/v1/languages': {
      query: {
        name?: string | undefined;
        code?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: { id: number; name: string; code: string }[] };
    };
    '/v1/languages/{id}': {
      params: { id: number | string };
      answer: { id: number; name: string; code: string };
    };
    '/v1/listens': {
      query: {
        sessionId?: number | undefined;
        assetId?: number | undefined;
        projectId?: number | undefined;
        startedAtUnixMs?: number | undefined;
        durationS?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          sessionId: number;
          assetId: number;
          projectId: number;
          startedAtUnixMs: number;
          durationS: number;
        }[];
      };
    };
    '/v1/listens/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        sessionId: number;
        assetId: number;
        projectId: number;
        startedAtUnixMs: number;
        durationS: number;
      };
    };
    '/v1/localized-strings': {
      query: {
        languageId?: number | undefined;
        text?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; languageId: number; text: string }[];
      };
    };
    '/v1/localized-strings/{id}': {
      params: { id: number | string };
      answer: { id: number; languageId: number; text: string };
    };
    '/v1/locations': {
      query: {
        parentId?: number | undefined;
        kind?: string | undefined;
        name?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; parentId: number | null; kind: 'site' | 'building' | 'room'; name: string }[];
      };
    };
    '/v1/locations/{id}': {
      params: { id: number | string };
      answer: { id: number; parentId: number | null; kind: 'site' | 'building' | 'room'; name: string };
    };
    '/v1/log-level': {
      answer: {
        level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        usual: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        untilUnixMs: number | null;
      };
    };
    '/v1/me': {
      answer: { id: string; username: string; role: 'viewer' | 'operator' | 'admin' };
    };
    '/v1/notification-preferences': {
      answer: GetNotificationPreferencesAnswer;
    };
    '/v1/notifications': {
      query: {
        projectId?: number | undefined;
        active?: string | boolean | undefined;
        channel?: string | undefined;
        subject?: string | undefined;
        message?: string | undefined;
        lastSentAtUnixMs?: number | undefined;
        lastError?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetNotificationsAnswerItemsOne[] };
    };
    '/v1/notifications/{id}': {
      params: { id: number | string };
      answer: GetNotificationsAnswerItemsOne;
    };
    '/v1/openapi.json': Nothing;
    '/v1/performers': {
      query: {
        name?: string | undefined;
        photoMediaId?: string | undefined;
        backgroundMediaId?: string | undefined;
        notes?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetPerformersAnswerItemsOne[] };
    };
    '/v1/performers/{id}': {
      params: { id: number | string };
      answer: GetPerformersAnswerItemsOne;
    };
    '/v1/plugin-instances': {
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          plugin: string;
          name: string;
          enabled: boolean;
          config: Record<string, unknown>;
          secretsSet: string[];
        }[];
      };
    };
    '/v1/plugin-instances/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        plugin: string;
        name: string;
        enabled: boolean;
        config: Record<string, unknown>;
        secretsSet: string[];
      };
    };
    '/v1/plugins': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetPluginsAnswerItemsOne[] };
    };
    '/v1/plugins/{code}': {
      params: { code: string };
      answer: {
        plugin: GetPluginsAnswerItemsOne;
        configurationSchema: Record<string, unknown>;
        deviceConfigurationSchema: Record<string, unknown> | null;
      };
    };
    '/v1/project-groups': {
      query: {
        name?: string | undefined;
        active?: string | boolean | undefined;
        description?: string | undefined;
        thumbnailUrl?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          name: string;
          active: boolean;
          description: string;
          thumbnailUrl: string;
          projectIds: number[];
        }[];
      };
    };
    '/v1/project-groups/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        name: string;
        active: boolean;
        description: string;
        thumbnailUrl: string;
        projectIds: number[];
      };
    };
    '/v1/projects': {
      query: {
        name?: string | undefined;
        owner?: string | undefined;
        latitude?: number | undefined;
        longitude?: number | undefined;
        publishedAtUnixMs?: number | undefined;
        audioFormat?: string | undefined;
        audioBitrateKbps?: number | undefined;
        autoSubmit?: string | boolean | undefined;
        maxRecordingS?: number | undefined;
        listenQuestionsDynamic?: string | boolean | undefined;
        speakQuestionsDynamic?: string | boolean | undefined;
        sharingUrl?: string | undefined;
        outOfRangeUrl?: string | undefined;
        recordingRadiusM?: number | undefined;
        listenEnabled?: string | boolean | undefined;
        geoListenEnabled?: string | boolean | undefined;
        speakEnabled?: string | boolean | undefined;
        geoSpeakEnabled?: string | boolean | undefined;
        resetTagDefaultsOnStartup?: string | boolean | undefined;
        timedAssetFirst?: string | boolean | undefined;
        repeatMode?: string | undefined;
        filesUrl?: string | undefined;
        filesVersion?: string | undefined;
        ordering?: string | undefined;
        demoStreamEnabled?: string | boolean | undefined;
        demoStreamUrl?: string | undefined;
        outOfRangeM?: number | undefined;
        bannedS?: number | undefined;
        masterGain?: number | undefined;
        targetLufs?: number | undefined;
        output?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetProjectsAnswerItemsOne[] };
    };
    '/v1/projects/{id}': {
      params: { id: number | string };
      answer: GetProjectsAnswerItemsOne;
    };
    '/v1/projects/{id}/export': {
      params: { id: number | string };
    };
    '/v1/projects/{id}/listener': {
      params: { id: number | string };
      query: { language?: string | undefined };
      answer: {
        project: {
          id: number;
          name: string;
          latitude: number;
          longitude: number;
          listenEnabled: boolean;
          geoListenEnabled: boolean;
          speakEnabled: boolean;
          geoSpeakEnabled: boolean;
          maxRecordingS: number;
          recordingRadiusM: number | null;
          outOfRangeM: number;
          sharingUrl: string;
          plan: { url: string; corners: ([number, number])[] } | null;
        };
        language: string;
        languages: { id: number; code: string; name: string }[];
        texts: {
          legalAgreement: string | null;
          description: string | null;
          sharingMessage: string | null;
          outOfRangeMessage: string | null;
          demoStreamMessage: string | null;
        };
        listenGroups: GetProjectsIdListenerAnswerListenGroupsOne[];
        speakGroups: GetProjectsIdListenerAnswerListenGroupsOne[];
        speakers: { id: number; name: string; shape: ((([number, number])[])[])[]; attenuationM: number }[];
        tracks: number;
      };
    };
    '/v1/projects/{id}/map': {
      params: { id: number | string };
      answer: {
        id: number;
        name: string;
        center: { latitude: number; longitude: number };
        plan: { url: string; corners: ([number, number])[] } | null;
        speakers: {
          id: number;
          name: string;
          shape: ((([number, number])[])[])[];
          attenuationM: number;
          minVolume: number;
          maxVolume: number;
        }[];
        recordings: {
          id: number;
          name: string;
          position: { latitude: number; longitude: number };
          radiusM: number;
          tagIds: number[];
        }[];
      };
    };
    '/v1/projects/{id}/plan.svg': {
      params: { id: number | string };
    };
    '/v1/retention-overrides': {
      query: {
        scope?: string | undefined;
        scopeId?: string | undefined;
        rawDays?: number | undefined;
        rollupDays?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; scope: 'device' | 'channel'; scopeId: string; rawDays: number; rollupDays: number }[];
      };
    };
    '/v1/retention-overrides/status': {
      answer: {
        state: 'waiting' | 'running' | 'failed';
        channels: number;
        lastRunUnixMs: number | null;
        lastRowsRemoved: number;
        rowsRemoved: number;
        lastError: string | null;
      };
    };
    '/v1/retention-overrides/{id}': {
      params: { id: number | string };
      answer: { id: number; scope: 'device' | 'channel'; scopeId: string; rawDays: number; rollupDays: number };
    };
    '/v1/rf-channels': {
      query: {
        deviceId?: string | undefined;
        number?: number | undefined;
        slot?: number | undefined;
        direction?: string | undefined;
        resource?: string | undefined;
        givenId?: string | undefined;
        givenName?: string | undefined;
        reportedName?: string | undefined;
        unitId?: number | undefined;
        notes?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetRfChannelsAnswerItemsOne[] };
    };
    '/v1/rf-channels/{id}': {
      params: { id: number | string };
      answer: GetRfChannelsAnswerItemsOne;
    };
    '/v1/rules': {
      query: {
        publicId?: string | undefined;
        name?: string | undefined;
        description?: string | undefined;
        enabled?: string | boolean | undefined;
        holdMs?: number | undefined;
        keepMs?: number | undefined;
        cooldownMs?: number | undefined;
        inARow?: number | undefined;
        noData?: string | undefined;
        noDataAfterMs?: number | undefined;
        onError?: string | undefined;
        maxPerMinute?: number | undefined;
        scheduleId?: number | undefined;
        severity?: string | undefined;
        text?: string | undefined;
        parentRuleId?: number | undefined;
        origin?: string | undefined;
        ownerId?: string | undefined;
        lastTriggeredAtUnixMs?: number | undefined;
        createdAtUnixMs?: number | undefined;
        updatedAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetRulesAnswerItemsOne[] };
    };
    '/v1/rules/{id}': {
      params: { id: number | string };
      answer: GetRulesAnswerItemsOne;
    };
    '/v1/rules/{id}/sources': {
      params: { id: number | string };
      query: { offset?: number | undefined; limit?: number | undefined };
      answer: {
        total: number;
        items: {
          id: string;
          source: string;
          state: 'disabled' | 'normal' | 'pending' | 'firing' | 'recovering' | 'no-data' | 'error';
          value: number | string | null;
          sinceUnixMs: number | null;
          error: string | null;
        }[];
      };
    };
    '/v1/scans': {
      query: {
        filter?: string | undefined;
        sort?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: string;
          instanceId: number;
          state: 'running' | 'done' | 'cancelled' | 'failed';
          hosts: number;
          asked: number;
          found: number;
          progress: number;
          startedUnixMs: number;
          endedUnixMs: number | null;
          error: string | null;
          [more: string]: unknown;
        }[];
      };
    };
    '/v1/schedules': {
      query: {
        name?: string | undefined;
        timeZone?: string | undefined;
        cron?: string | undefined;
        cronOpenMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetSchedulesAnswerItemsOne[] };
    };
    '/v1/schedules/{id}': {
      params: { id: number | string };
      answer: GetSchedulesAnswerItemsOne;
    };
    '/v1/schedules/{id}/next': {
      params: { id: number | string };
      query: { count?: number | undefined };
      answer: { open: boolean; items: { fromUnixMs: number; toUnixMs: number | null }[] };
    };
    '/v1/series': {
      query: {
        channel: string;
        from: number;
        to: number;
        intervalMs?: number | undefined;
        aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax' | undefined;
        maxPoints?: number | undefined;
        gapFactor?: number | undefined;
      };
      answer: GetSeriesAnswer;
    };
    '/v1/series/compare': {
      query: {
        channel: string;
        from: number;
        to: number;
        otherFrom: number;
        aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax' | undefined;
        maxPoints?: number | undefined;
      };
      answer: {
        intervalMs: number;
        channels: {
          name: string;
          unit: string | null;
          period: { atMs: number[]; value: (number | string)[]; avg: number | null };
          other: { atMs: number[]; value: (number | string)[]; avg: number | null };
          difference: number | null;
        }[];
      };
    };
    '/v1/series/export': {
      query: {
        channel: string;
        from: number;
        to: number;
        intervalMs?: number | undefined;
        aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax' | undefined;
        format?: 'csv' | 'parquet' | undefined;
      };
    };
    '/v1/series/statistics': {
      query: { channel: string; from: number; to: number; low?: number | undefined; high?: number | undefined };
      answer: {
        source: 'raw' | '1m' | '1h' | '1d';
        levels: number[];
        channels: {
          name: string;
          unit: string | null;
          count: number;
          min: number | null;
          max: number | null;
          avg: number | null;
          stddev: number | null;
          percentiles: number[] | null;
          first: { atUnixMs: number; value: number | string } | null;
          last: { atUnixMs: number; value: number | string } | null;
          states: Record<string, number> | null;
          within: { insideMs: number; knownMs: number } | null;
        }[];
      };
    };
    '/v1/sessions': {
      query: {
        projectId?: number | undefined;
        state?: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped' | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          number: number;
          projectId: number;
          profile: 'native' | 'roundware';
          state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
          format: 'mp3' | 'opus' | 'vorbis';
          bitrateKbps: number;
          position: { latitude: number; longitude: number } | null;
          headingDeg: number | null;
          headingWidthDeg: number | null;
          rangeMinM: number | null;
          rangeMaxM: number | null;
          tagIds: number[] | null;
          languageId: number | null;
          listeners: number;
          hears: string[];
          tracks: { trackId: number; assetId: number; name: string; sinceUnixMs: number }[];
        }[];
      };
    };
    '/v1/sessions/{id}': {
      params: { id: string };
      answer: GetSessionsIdAnswer;
    };
    '/v1/sessions/{id}/assets/{assetId}': {
      params: { id: string; assetId: number | string };
      query: { language?: string | undefined };
      answer: {
        id: number;
        description: string;
        tags: string[];
        mine: boolean;
        submitted: boolean;
        ingest: 'none' | 'waiting' | 'working' | 'ready' | 'failed';
        ingestError: string | null;
        photoUrl: string | null;
        altText: string | null;
        textUrl: string | null;
      };
    };
    '/v1/sessions/{id}/audible-assets': {
      params: { id: string };
      query: { limit?: number | undefined };
      answer: {
        items: {
          id: number;
          name: string;
          latitude: number;
          longitude: number;
          tagIds: number[];
          userId: number | null;
          mediaUrl: string | null;
          mediaType: 'audio' | 'photo' | 'text' | 'video';
        }[];
      };
    };
    '/v1/sessions/{id}/explain': {
      params: { id: string };
      query: { limit?: number | undefined; assetIds?: string | undefined };
      answer: {
        items: {
          assetId: number;
          name: string | null;
          playing: boolean;
          reasons: string[];
          distanceM: number | null;
        }[];
      };
    };
    '/v1/sessions/{id}/playing': {
      params: { id: string };
      answer: {
        elapsedS: number;
        announcement: { text: string; atUnixMs: number } | null;
        tracks: {
          trackId: number;
          state: 'dead-air' | 'playing' | 'fading-out' | 'held' | 'waiting';
          assetId: number | null;
          name: string | null;
          positionS: number | null;
          remainingS: number | null;
          gain: number;
          pan: number;
        }[];
        voices: { kind: 'speaker' | 'asset'; id: number; name: string; gain: number; pan: number }[];
        queue: number[];
        queued: number;
      };
    };
    '/v1/setting-overrides': {
      query: {
        scope?: string | undefined;
        scopeId?: string | undefined;
        key?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          scope: 'site' | 'instance' | 'device';
          scopeId: string;
          key: string;
          value: number | string | boolean | null;
        }[];
      };
    };
    '/v1/setting-overrides/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        scope: 'site' | 'instance' | 'device';
        scopeId: string;
        key: string;
        value: number | string | boolean | null;
      };
    };
    '/v1/settings/definitions': {
      answer: {
        items: {
          key: string;
          title: string;
          description: string;
          unit: string;
          default: number;
          min: number;
          max: number;
          whole: boolean;
          scopes: ('site' | 'instance' | 'device')[];
        }[];
      };
    };
    '/v1/settings/effective': {
      query: { deviceId?: string | undefined; instanceId?: number | undefined };
      answer: {
        items: { key: string; value: number; unit: string; from: 'site' | 'instance' | 'device' | 'default' }[];
      };
    };
    '/v1/shared-dashboards/{secret}': {
      params: { secret: string };
      answer: {
        name: string;
        variables: {
          name: string;
          label: string;
          kind: 'device' | 'channel' | 'text';
          value: string;
          options?: string[];
        }[];
        rangeMs: number;
        widgets: GetDashboardsIdAnswerWidgetsOne[];
      };
    };
    '/v1/shared-dashboards/{secret}/series': {
      params: { secret: string };
      query: {
        channel: string;
        from: number;
        to: number;
        intervalMs?: number | undefined;
        aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax' | undefined;
        maxPoints?: number | undefined;
        gapFactor?: number | undefined;
      };
      answer: GetSeriesAnswer;
    };
    '/v1/signals': {
      query: {
        publicId?: string | undefined;
        name?: string | undefined;
        minimum?: number | undefined;
        maximum?: number | undefined;
        unit?: string | undefined;
        type?: string | undefined;
        deviceId?: string | undefined;
        parameter?: string | undefined;
        ownerId?: string | undefined;
        createdAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetSignalsAnswerItemsOne[] };
    };
    '/v1/signals/{id}': {
      params: { id: number | string };
      answer: GetSignalsAnswerItemsOne;
    };
    '/v1/silences': {
      query: {
        fromUnixMs?: number | undefined;
        untilUnixMs?: number | undefined;
        by?: string | undefined;
        reason?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          matchers: { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }[];
          fromUnixMs: number;
          untilUnixMs: number;
          reason: string;
          by: string;
        }[];
      };
    };
    '/v1/silences/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        matchers: { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }[];
        fromUnixMs: number;
        untilUnixMs: number;
        reason: string;
        by: string;
      };
    };
    '/v1/speakers': {
      query: {
        projectId?: number | undefined;
        active?: string | boolean | undefined;
        code?: string | undefined;
        name?: string | undefined;
        maxVolume?: number | undefined;
        minVolume?: number | undefined;
        uri?: string | undefined;
        backupUri?: string | undefined;
        mediaId?: string | undefined;
        attenuationM?: number | undefined;
        law?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetSpeakersAnswerItemsOne[] };
    };
    '/v1/speakers/{id}': {
      params: { id: number | string };
      answer: GetSpeakersAnswerItemsOne;
    };
    '/v1/statistics': {
      query: {
        projectId?: number | undefined;
        from: number;
        to: number;
        interval?: 'hour' | 'day' | undefined;
        timezone?: string | undefined;
        limit?: number | undefined;
        cellM?: number | undefined;
      };
      answer: {
        totals: { sessions: number; listeningS: number; heard: number };
        times: { atUnixMs: number; sessions: number; listeningS: number; heard: number }[];
        assets: { assetId: number; name: string | null; heard: number; sessions: number; seconds: number }[];
        places: { latitude: number; longitude: number; seconds: number }[];
        cellM: number;
      };
    };
    '/v1/statistics/export': {
      query: {
        projectId?: number | undefined;
        from: number;
        to: number;
        interval?: 'hour' | 'day' | undefined;
        timezone?: string | undefined;
        limit?: number | undefined;
        cellM?: number | undefined;
        part: 'times' | 'assets' | 'places';
      };
    };
    '/v1/tag-categories': {
      query: {
        name?: string | undefined;
        data?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: { id: number; name: string; data: string }[] };
    };
    '/v1/tag-categories/{id}': {
      params: { id: number | string };
      answer: { id: number; name: string; data: string };
    };
    '/v1/tag-relationships': {
      query: {
        tagId?: number | undefined;
        parentId?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; tagId: number; parentId: number | null }[];
      };
    };
    '/v1/tag-relationships/{id}': {
      params: { id: number | string };
      answer: { id: number; tagId: number; parentId: number | null };
    };
    '/v1/tags': {
      query: {
        projectId?: number | undefined;
        categoryId?: number | undefined;
        value?: string | undefined;
        description?: string | undefined;
        data?: string | undefined;
        filter?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetTagsAnswerItemsOne[] };
    };
    '/v1/tags/{id}': {
      params: { id: number | string };
      answer: GetTagsAnswerItemsOne;
    };
    '/v1/targets': {
      answer: { items: GetTargetsAnswerItemsOne[] };
    };
    '/v1/targets/{id}': {
      params: { id: number | string };
      answer: GetTargetsAnswerItemsOne;
    };
    '/v1/timed-assets': {
      query: {
        projectId?: number | undefined;
        assetId?: number | undefined;
        startS?: number | undefined;
        endS?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; projectId: number; assetId: number; startS: number; endS: number }[];
      };
    };
    '/v1/timed-assets/{id}': {
      params: { id: number | string };
      answer: { id: number; projectId: number; assetId: number; startS: number; endS: number };
    };
    '/v1/tokens': {
      answer: {
        items: {
          id: string;
          name: string;
          role: 'viewer' | 'operator' | 'admin';
          scopes: string[] | null;
          owner: string;
          createdAtUnixMs: number;
          expiresAtUnixMs: number | null;
          usedAtUnixMs: number | null;
        }[];
      };
    };
    '/v1/tracks': {
      query: {
        projectId?: number | undefined;
        active?: string | boolean | undefined;
        minVolume?: number | undefined;
        maxVolume?: number | undefined;
        minDurationS?: number | undefined;
        maxDurationS?: number | undefined;
        minDeadAirS?: number | undefined;
        maxDeadAirS?: number | undefined;
        minFadeInS?: number | undefined;
        maxFadeInS?: number | undefined;
        minFadeOutS?: number | undefined;
        maxFadeOutS?: number | undefined;
        minPan?: number | undefined;
        maxPan?: number | undefined;
        minPanDurationS?: number | undefined;
        maxPanDurationS?: number | undefined;
        repeatRecordings?: string | boolean | undefined;
        startWithSilence?: string | boolean | undefined;
        bannedS?: number | undefined;
        fadeOutWhenFiltered?: string | boolean | undefined;
        timedPriority?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetTracksAnswerItemsOne[] };
    };
    '/v1/tracks/{id}': {
      params: { id: number | string };
      answer: GetTracksAnswerItemsOne;
    };
    '/v1/ui-element-names': {
      query: {
        name?: string | undefined;
        description?: string | undefined;
        view?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: { id: number; name: string; description: string; view: string }[];
      };
    };
    '/v1/ui-element-names/{id}': {
      params: { id: number | string };
      answer: { id: number; name: string; description: string; view: string };
    };
    '/v1/ui-elements': {
      query: {
        projectId?: number | undefined;
        nameId?: number | undefined;
        variant?: string | undefined;
        fileExtension?: string | undefined;
        labelTextColor?: string | undefined;
        labelPosition?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetUiElementsAnswerItemsOne[] };
    };
    '/v1/ui-elements/{id}': {
      params: { id: number | string };
      answer: GetUiElementsAnswerItemsOne;
    };
    '/v1/ui-groups': {
      query: {
        projectId?: number | undefined;
        categoryId?: number | undefined;
        name?: string | undefined;
        mode?: string | undefined;
        select?: string | undefined;
        active?: string | boolean | undefined;
        index?: number | undefined;
        itemFilter?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetUiGroupsAnswerItemsOne[] };
    };
    '/v1/ui-groups/{id}': {
      params: { id: number | string };
      answer: GetUiGroupsAnswerItemsOne;
    };
    '/v1/ui-items': {
      query: {
        groupId?: number | undefined;
        tagId?: number | undefined;
        parentId?: number | undefined;
        index?: number | undefined;
        isDefault?: string | boolean | undefined;
        active?: string | boolean | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          groupId: number;
          tagId: number;
          parentId: number | null;
          index: number;
          isDefault: boolean;
          active: boolean;
        }[];
      };
    };
    '/v1/ui-items/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        groupId: number;
        tagId: number;
        parentId: number | null;
        index: number;
        isDefault: boolean;
        active: boolean;
      };
    };
    '/v1/units': {
      query: {
        name?: string | undefined;
        kind?: string | undefined;
        model?: string | undefined;
        serial?: string | undefined;
        notes?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: {
        total: number;
        offset: number;
        limit: number;
        items: {
          id: number;
          name: string;
          kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
          model: string | null;
          serial: string | null;
          notes: string;
        }[];
      };
    };
    '/v1/units/{id}': {
      params: { id: number | string };
      answer: {
        id: number;
        name: string;
        kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
        model: string | null;
        serial: string | null;
        notes: string;
      };
    };
    '/v1/updates': {
      answer: { version: string; versions: { name: string; sections: { title: string; lines: string[] }[] }[] };
    };
    '/v1/uploads/{id}': {
      params: { id: string };
      answer: { id: string; offset: number; length: number; expiresAtUnixMs: number; assetId: number | null };
    };
    '/v1/users': {
      answer: {
        items: {
          id: string;
          username: string;
          role: 'viewer' | 'operator' | 'admin';
          createdAtUnixMs: number;
          passwordChangedAtUnixMs: number;
        }[];
      };
    };
    '/v1/variables': {
      query: {
        name?: string | undefined;
        kind?: string | undefined;
        unit?: string | undefined;
        description?: string | undefined;
        updatedAtUnixMs?: number | undefined;
        updatedBy?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetVariablesAnswerItemsOne[] };
    };
    '/v1/variables/{name}': {
      params: { name: string };
      answer: GetVariablesAnswerItemsOne;
    };
    '/v1/visit-events': {
      query: {
        sessionId?: number | undefined;
        kind?: string | undefined;
        atUnixMs?: number | undefined;
        clientTime?: string | undefined;
        data?: string | undefined;
        latitude?: number | undefined;
        longitude?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetVisitEventsAnswerItemsOne[] };
    };
    '/v1/visit-events/{id}': {
      params: { id: number | string };
      answer: GetVisitEventsAnswerItemsOne;
    };
    '/v1/visitors': {
      query: {
        username?: string | undefined;
        firstName?: string | undefined;
        lastName?: string | undefined;
        email?: string | undefined;
        deviceId?: string | undefined;
        clientType?: string | undefined;
        staffId?: string | undefined;
        createdAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetVisitorsAnswerItemsOne[] };
    };
    '/v1/visitors/{id}': {
      params: { id: number | string };
      answer: GetVisitorsAnswerItemsOne;
    };
    '/v1/visits': {
      query: {
        projectId?: number | undefined;
        userId?: number | undefined;
        languageId?: number | undefined;
        clientType?: string | undefined;
        clientSystem?: string | undefined;
        timezone?: string | undefined;
        geoListenEnabled?: string | boolean | undefined;
        demoStreamEnabled?: string | boolean | undefined;
        startedAtUnixMs?: number | undefined;
        endedAtUnixMs?: number | undefined;
        endReason?: string | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetVisitsAnswerItemsOne[] };
    };
    '/v1/visits/{id}': {
      params: { id: number | string };
      answer: GetVisitsAnswerItemsOne;
    };
    '/v1/votes': {
      query: {
        assetId?: number | undefined;
        sessionId?: number | undefined;
        userId?: number | undefined;
        kind?: string | undefined;
        value?: number | undefined;
        createdAtUnixMs?: number | undefined;
        offset?: number | undefined;
        limit?: number | undefined;
        order?: string | undefined;
      };
      answer: { total: number; offset: number; limit: number; items: GetVotesAnswerItemsOne[] };
    };
    '/v1/votes/{id}': {
      params: { id: number | string };
      answer: GetVotesAnswerItemsOne;
    };
  };
  POST: {
    '/v1/actors/{id}/park': {
      params: { id: string };
      answer: { id: string; done: boolean };
    };
    '/v1/actors/{id}/restart': {
      params: { id: string };
      answer: { id: string; done: boolean };
    };
    '/v1/actors/{id}/stop': {
      params: { id: string };
      answer: { id: string; done: boolean };
    };
    '/v1/alarm-routes': {
      body: {
        readonly parentId?: number | null | undefined;
        readonly position?: number | undefined;
        readonly name: string;
        readonly matchers?: readonly { readonly label: string; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }[] | undefined;
        readonly targetIds?: readonly number[] | undefined;
        readonly groupBy?: readonly string[] | undefined;
        readonly groupWaitMs?: number | undefined;
        readonly groupIntervalMs?: number | undefined;
        readonly repeatMs?: number | undefined;
        readonly goOn?: boolean | undefined;
        readonly muteScheduleIds?: readonly number[] | undefined;
      };
      answer: GetAlarmRoutesAnswerItemsOne;
    };
    '/v1/alarms/actions': {
      body: {
        readonly ids: readonly number[];
        readonly action: 'acknowledge' | 'unacknowledge' | 'assign' | 'shelve' | 'unshelve' | 'clear';
        readonly to?: string | null | undefined;
        readonly untilUnixMs?: number | undefined;
        readonly comment?: string | undefined;
      };
      answer: { done: number[]; refused: { id: number; reason: string }[] };
    };
    '/v1/alarms/{id}/comments': {
      params: { id: number | string };
      body: { readonly text: string };
      answer: { id: number; atUnixMs: number; by: string; text: string };
    };
    '/v1/annotations': {
      body: {
        readonly fromUnixMs: number;
        readonly toUnixMs?: number | null | undefined;
        readonly text: string;
        readonly channels?: readonly string[] | undefined;
        readonly tags?: readonly string[] | undefined;
      };
      answer: {
        id: number;
        fromUnixMs: number;
        toUnixMs: number | null;
        text: string;
        channels: string[];
        tags: string[];
        by: string;
      };
    };
    '/v1/assets': {
      body: {
        readonly projectId: number;
        readonly languageId?: number | undefined;
        readonly description?: string | undefined;
        readonly latitude?: number | null | undefined;
        readonly longitude?: number | null | undefined;
        readonly shape?: readonly (readonly (readonly (readonly [number, number])[])[])[] | null | undefined;
        readonly radiusM?: number | null | undefined;
        readonly placed?: boolean | undefined;
        readonly law?: 'linear' | 'inverse' | 'exponential' | 'cosine' | undefined;
        readonly volume?: number | undefined;
        readonly weight?: number | undefined;
        readonly submitted?: boolean | undefined;
        readonly startS?: number | null | undefined;
        readonly endS?: number | null | undefined;
        readonly tagIds?: readonly number[] | undefined;
        readonly envelopeIds?: readonly number[] | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly altTextLocIds?: readonly number[] | undefined;
        readonly mediaType?: 'audio' | 'photo' | 'text' | 'video' | undefined;
        readonly mediaId?: string | null | undefined;
      };
      answer: GetAssetsAnswerItemsOne;
    };
    '/v1/assets/upload': {
      upload: Upload;
    };
    '/v1/assets/{id}/ingest': {
      params: { id: number | string };
    };
    '/v1/assignments': {
      body: {
        readonly performerId: number;
        readonly rfChannelId: number;
        readonly priority?: 'low' | 'normal' | 'high' | 'critical' | undefined;
        readonly userId?: string | null | undefined;
        readonly alertOnBattery?: boolean | undefined;
        readonly alertOnSignal?: boolean | undefined;
        readonly alertOnAudio?: boolean | undefined;
        readonly alertOnOffline?: boolean | undefined;
        readonly fromUnixMs?: number | null | undefined;
        readonly toUnixMs?: number | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetAssignmentsAnswerItemsOne;
    };
    '/v1/board-groups': {
      body: {
        readonly number: number;
        readonly title?: string | undefined;
        readonly slots?: readonly number[] | undefined;
        readonly hideCharts?: boolean | undefined;
      };
      answer: { id: number; number: number; title: string; slots: number[]; hideCharts: boolean };
    };
    '/v1/checks/repair': {
      body: { readonly deep?: boolean | undefined };
      answer: GetChecksAnswer;
    };
    '/v1/configuration/apply': {
      upload: Upload;
      answer: {
        changes: Record<string, { added: number[]; changed: number[]; removed: number[] }>;
        version: string | null;
        restartNeeded: string[];
        secretsNeeded: string[];
      };
    };
    '/v1/configuration/diff': {
      query: { against?: string | undefined };
      upload: Upload;
      answer: {
        changes: Record<string, { added: number[]; changed: number[]; removed: number[] }>;
        rows: {
          table: string;
          id: number;
          kind: 'added' | 'changed' | 'removed';
          name: string;
          fields: { field: string; before: string; after: string }[];
        }[];
        text: string;
        secretsNeeded: string[];
      };
    };
    '/v1/connections/actions': {
      body: { readonly ids: readonly string[]; readonly action: 'start' | 'stop' | 'reconnect' };
      answer: { done: number };
    };
    '/v1/dashboards': {
      body: {
        readonly name: string;
        readonly shared?: boolean | undefined;
        readonly variables?: readonly PostDashboardsBodyVariablesOne[] | undefined;
        readonly rangeMs?: number | undefined;
      };
      answer: GetDashboardsIdAnswer;
    };
    '/v1/dashboards/{id}/share': {
      params: { id: number | string };
      answer: { url: string };
    };
    '/v1/dashboards/{id}/widgets': {
      params: { id: number | string };
      body: {
        readonly type: 'line_chart' | 'gauge' | 'stat_card' | 'table' | 'state_timeline' | 'alarm_list' | 'map' | 'actuator_toggle' | 'actuator_slider' | 'text' | 'image';
        readonly title?: string | undefined;
        readonly signalId?: number | null | undefined;
        readonly x?: number | undefined;
        readonly y?: number | undefined;
        readonly w?: number | undefined;
        readonly h?: number | undefined;
        readonly config?: object | undefined;
      };
      answer: GetDashboardsIdAnswerWidgetsOne;
    };
    '/v1/deliveries/{id}/replay': {
      params: { id: number | string };
      answer: GetDeliveriesAnswerItemsOne;
    };
    '/v1/devices': {
      body: { readonly id: string; readonly name?: string | undefined; readonly protocol?: string | undefined } | {
        readonly instanceId: number;
        readonly externalId?: string | undefined;
        readonly address?: string | undefined;
        readonly port?: number | undefined;
        readonly name?: string | undefined;
        readonly config?: object | undefined;
      };
      answer: GetDevicesIdAnswer;
    };
    '/v1/devices/import': {
      query: { dryRun?: 'true' | 'false' | boolean | undefined };
      upload: Upload;
      answer: {
        rows: number;
        made: number;
        skipped: number;
        problems: { row: number; field: string; message: string }[];
      };
    };
    '/v1/devices/{id}/lifecycle': {
      params: { id: string };
      body: {
        readonly to: 'discovered' | 'provisioning' | 'online' | 'degraded' | 'offline' | 'maintenance' | 'retired';
        readonly reason?: string | undefined;
      };
      answer: { deviceId: string; lifecycle: string };
    };
    '/v1/devices/{id}/parameters': {
      params: { id: string };
      body: { readonly name: string; readonly value: number | string | boolean };
      answer: GetDevicesIdCommandsAnswerItemsOne;
    };
    '/v1/devices/{id}/token': {
      params: { id: string };
      answer: { deviceId: string; secret: string };
    };
    '/v1/discoveries/actions': {
      body: { readonly ids: readonly number[]; readonly action: 'approve' | 'reject' | 'import' };
      answer: { done: number; refused: { id: number; reason: string }[] };
    };
    '/v1/envelopes': {
      body: { readonly sessionId: number };
      answer: { id: number; sessionId: number; createdAtUnixMs: number };
    };
    '/v1/experiments': {
      body: {
        readonly name: string;
        readonly notes?: string | undefined;
        readonly channels?: readonly string[] | undefined;
      };
      answer: GetExperimentsAnswerItemsOne;
    };
    '/v1/experiments/{id}/start': {
      params: { id: number | string };
      answer: GetExperimentsAnswerItemsOne;
    };
    '/v1/experiments/{id}/stop': {
      params: { id: number | string };
      answer: GetExperimentsAnswerItemsOne;
    };
    '/v1/exports': {
      body: {
        readonly channels?: readonly string[] | undefined;
        readonly deviceId?: string | undefined;
        readonly all?: true | undefined;
        readonly fromUnixMs: number;
        readonly toUnixMs: number;
        readonly format?: 'csv' | 'json' | 'parquet' | undefined;
        readonly aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax' | undefined;
        readonly intervalMs?: number | undefined;
      };
      answer: GetExportsAnswerItemsOne;
    };
    '/v1/expressions/check': {
      body: { readonly text: string; readonly source?: string | undefined };
      answer: {
        ok: boolean;
        kind: 'number' | 'text' | 'boolean' | null;
        unit: string | null;
        text: string | null;
        channels: string[];
        variables: string[];
        problems: { at: number; message: string }[];
      };
    };
    '/v1/journal': {
      body: {
        readonly level?: 'error' | 'warning' | 'info' | undefined;
        readonly text: string;
        readonly read?: boolean | undefined;
      };
      answer: {
        id: number;
        level: 'error' | 'warning' | 'info';
        text: string;
        read: boolean;
        publicId: string;
        atUnixMs: number;
        by: string;
        ownerId: string | null;
      };
    };
    '/v1/kiosk-links': {
      body: {
        readonly name?: string | undefined;
        readonly groupId?: number | null | undefined;
        readonly expiresAtUnixMs?: number | null | undefined;
      };
      answer: {
        id: number;
        name: string;
        groupId: number | null;
        createdBy: string;
        createdAtUnixMs: number;
        expiresAtUnixMs: number | null;
        url: string;
      };
    };
    '/v1/languages': {
      body: { readonly name: string; readonly code: string };
      answer: { id: number; name: string; code: string };
    };
    '/v1/listens': {
      body: {
        readonly sessionId: number;
        readonly assetId: number;
        readonly projectId: number;
        readonly startedAtUnixMs: number;
        readonly durationS?: number | undefined;
      };
      answer: {
        id: number;
        sessionId: number;
        assetId: number;
        projectId: number;
        startedAtUnixMs: number;
        durationS: number;
      };
    };
    '/v1/localized-strings': {
      body: { readonly languageId: number; readonly text: string };
      answer: { id: number; languageId: number; text: string };
    };
    '/v1/locations': {
      body: {
        readonly parentId?: number | null | undefined;
        readonly kind?: 'site' | 'building' | 'room' | undefined;
        readonly name: string;
      };
      answer: { id: number; parentId: number | null; kind: 'site' | 'building' | 'room'; name: string };
    };
    '/v1/login': {
      body: { readonly username: string; readonly password: string };
      answer: { id: string; username: string; role: 'viewer' | 'operator' | 'admin' };
    };
    '/v1/logout': {
      answer: undefined;
    };
    '/v1/me/password': {
      body: { readonly current: string; readonly next: string };
      answer: { id: string; username: string; role: 'viewer' | 'operator' | 'admin' };
    };
    '/v1/notifications': {
      body: {
        readonly projectId: number;
        readonly active?: boolean | undefined;
        readonly on?: readonly ('add' | 'edit' | 'delete')[] | undefined;
        readonly channel?: 'email' | 'webhook' | undefined;
        readonly to?: readonly string[] | undefined;
        readonly subject?: string | undefined;
        readonly message?: string | undefined;
      };
      answer: GetNotificationsAnswerItemsOne;
    };
    '/v1/performers': {
      body: {
        readonly name: string;
        readonly photoMediaId?: string | null | undefined;
        readonly backgroundMediaId?: string | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetPerformersAnswerItemsOne;
    };
    '/v1/performers/{id}/pictures/{place}': {
      params: { id: number | string; place: 'photo' | 'background' };
      query: { name?: string | undefined };
      upload: Upload;
      answer: GetPerformersAnswerItemsOne;
    };
    '/v1/plugin-instances': {
      body: {
        readonly plugin: string;
        readonly name: string;
        readonly enabled?: boolean | undefined;
        readonly config?: object | undefined;
      };
      answer: {
        id: number;
        plugin: string;
        name: string;
        enabled: boolean;
        config: Record<string, unknown>;
        secretsSet: string[];
      };
    };
    '/v1/plugin-instances/{id}/check': {
      params: { id: number | string };
      answer: {
        status: 'healthy' | 'unhealthy' | 'unreachable' | 'error';
        message: string | null;
        detail: Record<string, string | number | boolean>;
      };
    };
    '/v1/plugins/reload': {
      answer: { added: string[]; changed: string[]; removed: string[]; failed: { name: string; reason: string }[] };
    };
    '/v1/plugins/{code}/restart': {
      params: { code: string };
      answer: undefined;
    };
    '/v1/project-groups': {
      body: {
        readonly name: string;
        readonly active?: boolean | undefined;
        readonly description?: string | undefined;
        readonly thumbnailUrl?: string | undefined;
        readonly projectIds?: readonly number[] | undefined;
      };
      answer: {
        id: number;
        name: string;
        active: boolean;
        description: string;
        thumbnailUrl: string;
        projectIds: number[];
      };
    };
    '/v1/projects': {
      body: {
        readonly name: string;
        readonly owner?: string | undefined;
        readonly latitude: number;
        readonly longitude: number;
        readonly audioFormat?: 'mp3' | 'ogg' | undefined;
        readonly audioBitrateKbps?: number | undefined;
        readonly autoSubmit?: boolean | undefined;
        readonly maxRecordingS?: number | undefined;
        readonly listenQuestionsDynamic?: boolean | undefined;
        readonly speakQuestionsDynamic?: boolean | undefined;
        readonly sharingUrl?: string | undefined;
        readonly outOfRangeUrl?: string | undefined;
        readonly recordingRadiusM?: number | null | undefined;
        readonly listenEnabled?: boolean | undefined;
        readonly geoListenEnabled?: boolean | undefined;
        readonly speakEnabled?: boolean | undefined;
        readonly geoSpeakEnabled?: boolean | undefined;
        readonly resetTagDefaultsOnStartup?: boolean | undefined;
        readonly timedAssetFirst?: boolean | undefined;
        readonly repeatMode?: 'stop' | 'continuous' | undefined;
        readonly filesUrl?: string | undefined;
        readonly filesVersion?: string | undefined;
        readonly ordering?: 'random' | 'by_like' | 'by_weight' | undefined;
        readonly demoStreamEnabled?: boolean | undefined;
        readonly demoStreamUrl?: string | undefined;
        readonly outOfRangeM?: number | undefined;
        readonly bannedS?: number | undefined;
        readonly masterGain?: number | undefined;
        readonly targetLufs?: number | null | undefined;
        readonly output?: 'builtin' | 'icecast' | 'both' | null | undefined;
        readonly plan?: { readonly url: string; readonly corners: readonly (readonly [number, number])[] } | null | undefined;
        readonly demoStreamMessageLocIds?: readonly number[] | undefined;
        readonly legalAgreementLocIds?: readonly number[] | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly sharingMessageLocIds?: readonly number[] | undefined;
        readonly outOfRangeMessageLocIds?: readonly number[] | undefined;
        readonly languageIds?: readonly number[] | undefined;
      };
      answer: GetProjectsAnswerItemsOne;
    };
    '/v1/projects/import': {
      upload: Upload;
      answer: {
        projectId: number;
        name: string;
        rows: Record<string, number>;
        mediaFiles: number;
        missing: string[];
      };
    };
    '/v1/projects/import-roundware': {
      body: {
        readonly url: string;
        readonly token?: string | undefined;
        readonly projectId?: number | undefined;
        readonly copySpeakerFiles?: boolean | undefined;
      };
      answer: {
        projectId: number;
        name: string;
        rows: Record<string, number>;
        mediaFiles: number;
        speakerFiles: number;
        elementFiles: number;
        missing: string[];
      };
    };
    '/v1/projects/{id}/mass-upload': {
      params: { id: number | string };
      upload: Upload;
      answer: {
        table: string | null;
        received: number;
        failed: number;
        rows: {
          row: number | null;
          file: string;
          status: 'received' | 'failed';
          assetId: number | null;
          error: string | null;
        }[];
        unused: string[];
      };
    };
    '/v1/retention-overrides': {
      body: {
        readonly scope: 'device' | 'channel';
        readonly scopeId: string;
        readonly rawDays: number;
        readonly rollupDays: number;
      };
      answer: { id: number; scope: 'device' | 'channel'; scopeId: string; rawDays: number; rollupDays: number };
    };
    '/v1/rf-channels/slots': {
      body: { readonly slots: readonly { readonly id: number; readonly slot: number | null }[] };
      answer: { changed: number };
    };
    '/v1/rules': {
      body: {
        readonly name: string;
        readonly description?: string | undefined;
        readonly enabled?: boolean | undefined;
        readonly condition: {
          readonly type: 'threshold';
          readonly channel: string;
          readonly op: '>' | '>=' | '<' | '<=';
          readonly value: number;
          readonly clear?: number | undefined;
        } | PostRulesBodyCondition | PostRulesBodyCondition2 | PostRulesBodyCondition3 | { readonly type: 'no-data'; readonly channel: string; readonly afterMs: number } | PostRulesBodyCondition4 | { readonly type: 'expression'; readonly text: string; readonly clear?: string | undefined } | { readonly type: 'schedule'; readonly scheduleId: number };
        readonly each?: readonly string[] | null | undefined;
        readonly holdMs?: number | undefined;
        readonly keepMs?: number | undefined;
        readonly cooldownMs?: number | undefined;
        readonly inARow?: number | undefined;
        readonly noData?: 'no-data' | 'normal' | 'firing' | 'keep' | undefined;
        readonly noDataAfterMs?: number | undefined;
        readonly onError?: 'error' | 'normal' | 'firing' | 'keep' | undefined;
        readonly maxPerMinute?: number | undefined;
        readonly scheduleId?: number | null | undefined;
        readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | null | undefined;
        readonly labels?: Readonly<Record<string, string>> | undefined;
        readonly text?: string | undefined;
        readonly actions?: readonly (PostRulesBodyActionsOne | {
          readonly type: 'webhooks';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly event: string;
        } | {
          readonly type: 'journal';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly level: 'error' | 'warning' | 'info';
          readonly text: string;
        } | PostRulesBodyActionsOne2 | {
          readonly type: 'variable';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly name: string;
          readonly value: number | string | boolean;
        } | {
          readonly type: 'experiment';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'start' | 'stop';
          readonly name: string;
        } | PostRulesBodyActionsOne3 | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'mute' | 'unmute';
          readonly speakerId: number;
        } | PostRulesBodyActionsOne4 | PostRulesBodyActionsOne5 | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'pause' | 'resume';
          readonly projectId: number;
        } | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'text';
          readonly projectId: number;
          readonly text: string;
        })[] | undefined;
        readonly parentRuleId?: number | null | undefined;
        readonly escalation?: readonly {
          readonly afterMs: number;
          readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | undefined;
          readonly targetIds: readonly number[];
        }[] | undefined;
      };
      answer: GetRulesAnswerItemsOne;
    };
    '/v1/rules/test': {
      body: {
        readonly rule: {
          readonly name?: string | undefined;
          readonly description?: string | undefined;
          readonly enabled?: boolean | undefined;
          readonly condition: {
            readonly type: 'threshold';
            readonly channel: string;
            readonly op: '>' | '>=' | '<' | '<=';
            readonly value: number;
            readonly clear?: number | undefined;
          } | PostRulesBodyCondition | PostRulesBodyCondition2 | PostRulesBodyCondition3 | { readonly type: 'no-data'; readonly channel: string; readonly afterMs: number } | PostRulesBodyCondition4 | { readonly type: 'expression'; readonly text: string; readonly clear?: string | undefined } | { readonly type: 'schedule'; readonly scheduleId: number };
          readonly each?: readonly string[] | null | undefined;
          readonly holdMs?: number | undefined;
          readonly keepMs?: number | undefined;
          readonly cooldownMs?: number | undefined;
          readonly inARow?: number | undefined;
          readonly noData?: 'no-data' | 'normal' | 'firing' | 'keep' | undefined;
          readonly noDataAfterMs?: number | undefined;
          readonly onError?: 'error' | 'normal' | 'firing' | 'keep' | undefined;
          readonly maxPerMinute?: number | undefined;
          readonly scheduleId?: number | null | undefined;
          readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | null | undefined;
          readonly labels?: Readonly<Record<string, string>> | undefined;
          readonly text?: string | undefined;
          readonly actions?: readonly (PostRulesBodyActionsOne | {
            readonly type: 'webhooks';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly event: string;
          } | {
            readonly type: 'journal';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly level: 'error' | 'warning' | 'info';
            readonly text: string;
          } | PostRulesBodyActionsOne2 | {
            readonly type: 'variable';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly name: string;
            readonly value: number | string | boolean;
          } | {
            readonly type: 'experiment';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly do: 'start' | 'stop';
            readonly name: string;
          } | PostRulesBodyActionsOne3 | {
            readonly type: 'audio';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly do: 'mute' | 'unmute';
            readonly speakerId: number;
          } | PostRulesBodyActionsOne4 | PostRulesBodyActionsOne5 | {
            readonly type: 'audio';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly do: 'pause' | 'resume';
            readonly projectId: number;
          } | {
            readonly type: 'audio';
            readonly on?: 'firing' | 'clear' | 'both' | undefined;
            readonly do: 'text';
            readonly projectId: number;
            readonly text: string;
          })[] | undefined;
          readonly parentRuleId?: number | null | undefined;
          readonly escalation?: readonly {
            readonly afterMs: number;
            readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | undefined;
            readonly targetIds: readonly number[];
          }[] | undefined;
        };
        readonly source?: string | undefined;
        readonly fromUnixMs: number;
        readonly toUnixMs: number;
      };
      answer: {
        source: string;
        samples: number;
        firings: { fromUnixMs: number; toUnixMs: number | null; value: number | string | null }[];
        states: {
          atUnixMs: number;
          state: 'disabled' | 'normal' | 'pending' | 'firing' | 'recovering' | 'no-data' | 'error';
        }[];
      };
    };
    '/v1/rules/{id}/disable': {
      params: { id: number | string };
      answer: GetRulesAnswerItemsOne;
    };
    '/v1/rules/{id}/enable': {
      params: { id: number | string };
      answer: GetRulesAnswerItemsOne;
    };
    '/v1/samples': {
      body: {
        readonly deviceId: string;
        readonly samples: readonly {
          readonly name: string;
          readonly atUnixMs?: number | undefined;
          readonly value: number | string | boolean;
        }[];
      };
      answer: { stored: number; repeated: number; where: 'store' | 'spool' };
    };
    '/v1/samples/corrections': {
      body: {
        readonly action: 'set';
        readonly channel: string;
        readonly samples: readonly { readonly atUnixMs: number; readonly value: number | string }[];
        readonly reason?: string | undefined;
      } | {
        readonly action: 'delete';
        readonly channels: readonly string[];
        readonly fromUnixMs: number;
        readonly toUnixMs: number;
        readonly reason?: string | undefined;
      } | {
        readonly action: 'shift';
        readonly channels: readonly string[];
        readonly fromUnixMs: number;
        readonly toUnixMs: number;
        readonly byMs: number;
        readonly reason?: string | undefined;
      };
      answer: { before: number; after: number; channelHours: number };
    };
    '/v1/scans': {
      body: {
        readonly instanceId: number;
        readonly cidrs?: readonly string[] | undefined;
        readonly hosts?: readonly string[] | undefined;
        readonly multicast?: boolean | undefined;
        readonly server?: boolean | undefined;
      };
      answer: { scanId: string };
    };
    '/v1/schedules': {
      body: {
        readonly name: string;
        readonly timeZone: string;
        readonly weekly?: readonly { readonly days: readonly number[]; readonly from: string; readonly to: string }[] | undefined;
        readonly cron?: string | null | undefined;
        readonly cronOpenMs?: number | undefined;
        readonly days?: readonly {
          readonly day: string;
          readonly name?: string | undefined;
          readonly times: readonly { readonly from: string; readonly to: string }[];
        }[] | undefined;
      };
      answer: GetSchedulesAnswerItemsOne;
    };
    '/v1/sessions': {
      body: {
        readonly projectId: number;
        readonly position?: { readonly latitude: number; readonly longitude: number } | undefined;
        readonly headingDeg?: number | undefined;
        readonly headingWidthDeg?: number | undefined;
        readonly rangeMinM?: number | undefined;
        readonly rangeMaxM?: number | undefined;
        readonly tagIds?: readonly number[] | undefined;
        readonly language?: string | undefined;
        readonly format?: 'mp3' | 'opus' | 'vorbis' | undefined;
        readonly bitrateKbps?: number | undefined;
        readonly deviceId?: string | undefined;
      };
      answer: GetSessionsIdAnswer;
    };
    '/v1/sessions/{id}/envelopes': {
      params: { id: string };
      answer: { id: number };
    };
    '/v1/sessions/{id}/heartbeat': {
      params: { id: string };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/pause': {
      params: { id: string };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/play': {
      params: { id: string };
      body: { readonly assetId: number };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/replay': {
      params: { id: string };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/resume': {
      params: { id: string };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/skip': {
      params: { id: string };
      answer: PostSessionsIdHeartbeatAnswer;
    };
    '/v1/sessions/{id}/votes': {
      params: { id: string };
      body: {
        readonly assetId: number;
        readonly kind: 'like' | 'flag' | 'rate' | 'block_asset' | 'block_user';
        readonly value?: number | null | undefined;
      };
      answer: { assetId: number; kind: string; voted: boolean; value: number | null; likes: number };
    };
    '/v1/setting-overrides': {
      body: {
        readonly scope: 'site' | 'instance' | 'device';
        readonly scopeId?: string | undefined;
        readonly key: string;
        readonly value: number | string | boolean | null;
      };
      answer: {
        id: number;
        scope: 'site' | 'instance' | 'device';
        scopeId: string;
        key: string;
        value: number | string | boolean | null;
      };
    };
    '/v1/signals': {
      body: {
        readonly name: string;
        readonly minimum: number;
        readonly maximum: number;
        readonly unit?: string | undefined;
        readonly type?: 'sensor' | 'actuator' | 'range' | 'cmd_button' | 'cmd_opened' | 'cmd_closed' | undefined;
        readonly deviceId: string;
        readonly parameter: string;
      };
      answer: GetSignalsAnswerItemsOne;
    };
    '/v1/silences': {
      body: {
        readonly matchers: readonly { readonly label: string; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }[];
        readonly fromUnixMs: number;
        readonly untilUnixMs: number;
        readonly reason: string;
      };
      answer: {
        id: number;
        matchers: { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }[];
        fromUnixMs: number;
        untilUnixMs: number;
        reason: string;
        by: string;
      };
    };
    '/v1/speakers': {
      body: {
        readonly projectId: number;
        readonly active?: boolean | undefined;
        readonly code?: string | undefined;
        readonly name?: string | undefined;
        readonly maxVolume?: number | undefined;
        readonly minVolume?: number | undefined;
        readonly uri?: string | undefined;
        readonly backupUri?: string | undefined;
        readonly mediaId?: string | null | undefined;
        readonly shape?: readonly (readonly (readonly (readonly [number, number])[])[])[] | undefined;
        readonly attenuationM?: number | undefined;
        readonly law?: 'linear' | 'inverse' | 'exponential' | 'cosine' | undefined;
      };
      answer: GetSpeakersAnswerItemsOne;
    };
    '/v1/sql': {
      body: {
        readonly sql: string;
        readonly format?: 'json' | 'csv' | undefined;
        readonly maxRows?: number | undefined;
        readonly maxSeconds?: number | undefined;
      };
      answer: { columns: { name: string; type: string }[]; rows: (unknown[])[] };
    };
    '/v1/tag-categories': {
      body: { readonly name: string; readonly data?: string | undefined };
      answer: { id: number; name: string; data: string };
    };
    '/v1/tag-relationships': {
      body: { readonly tagId: number; readonly parentId?: number | null | undefined };
      answer: { id: number; tagId: number; parentId: number | null };
    };
    '/v1/tags': {
      body: {
        readonly projectId: number;
        readonly categoryId: number;
        readonly value: string;
        readonly description?: string | undefined;
        readonly data?: string | undefined;
        readonly filter?: '' | '_within_10km' | '_ten_most_recent_days' | undefined;
        readonly location?: readonly (readonly (readonly (readonly [number, number])[])[])[] | null | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly messageLocIds?: readonly number[] | undefined;
      };
      answer: GetTagsAnswerItemsOne;
    };
    '/v1/targets': {
      body: {
        readonly name: string;
        readonly kind: 'webhook' | 'email' | 'chat' | 'mqtt' | 'syslog';
        readonly enabled?: boolean | undefined;
        readonly config: object;
        readonly secret?: PostTargetsBodySecret | undefined;
        readonly events?: readonly string[] | undefined;
      };
      answer: GetTargetsAnswerItemsOne;
    };
    '/v1/targets/{id}/test': {
      params: { id: number | string };
      answer: { ok: boolean; responseCode: number | null; error: string | null; tookMs: number };
    };
    '/v1/timed-assets': {
      body: {
        readonly projectId: number;
        readonly assetId: number;
        readonly startS: number;
        readonly endS: number;
      };
      answer: { id: number; projectId: number; assetId: number; startS: number; endS: number };
    };
    '/v1/tokens': {
      body: {
        readonly name: string;
        readonly role?: 'viewer' | 'operator' | 'admin' | undefined;
        readonly scopes?: readonly ('read' | 'devices' | 'audio' | 'content' | 'rules' | 'alarms' | 'history' | 'site' | 'users')[] | undefined;
        readonly expiresInDays?: number | undefined;
      };
      answer: {
        id: string;
        name: string;
        role: 'viewer' | 'operator' | 'admin';
        scopes: string[] | null;
        owner: string;
        createdAtUnixMs: number;
        expiresAtUnixMs: number | null;
        usedAtUnixMs: number | null;
        secret: string;
      };
    };
    '/v1/tracks': {
      body: {
        readonly projectId: number;
        readonly active?: boolean | undefined;
        readonly minVolume?: number | undefined;
        readonly maxVolume?: number | undefined;
        readonly minDurationS?: number | undefined;
        readonly maxDurationS?: number | undefined;
        readonly minDeadAirS?: number | undefined;
        readonly maxDeadAirS?: number | undefined;
        readonly minFadeInS?: number | undefined;
        readonly maxFadeInS?: number | undefined;
        readonly minFadeOutS?: number | undefined;
        readonly maxFadeOutS?: number | undefined;
        readonly minPan?: number | undefined;
        readonly maxPan?: number | undefined;
        readonly minPanDurationS?: number | undefined;
        readonly maxPanDurationS?: number | undefined;
        readonly repeatRecordings?: boolean | undefined;
        readonly tagIds?: readonly number[] | undefined;
        readonly startWithSilence?: boolean | undefined;
        readonly bannedS?: number | undefined;
        readonly fadeOutWhenFiltered?: boolean | undefined;
        readonly timedPriority?: 'highest' | 'normal' | 'neutral' | 'lowest' | 'discard' | undefined;
      };
      answer: GetTracksAnswerItemsOne;
    };
    '/v1/ui-element-names': {
      body: {
        readonly name: string;
        readonly description?: string | undefined;
        readonly view?: string | undefined;
      };
      answer: { id: number; name: string; description: string; view: string };
    };
    '/v1/ui-elements': {
      body: {
        readonly projectId: number;
        readonly nameId: number;
        readonly variant?: string | undefined;
        readonly fileExtension?: string | undefined;
        readonly labelTextColor?: string | undefined;
        readonly labelPosition?: string | undefined;
        readonly labelTextLocIds?: readonly number[] | undefined;
      };
      answer: GetUiElementsAnswerItemsOne;
    };
    '/v1/ui-groups': {
      body: {
        readonly projectId: number;
        readonly categoryId: number;
        readonly name: string;
        readonly mode?: 'listen' | 'speak' | 'browse' | undefined;
        readonly select?: 'single' | 'multi' | 'min_one' | undefined;
        readonly active?: boolean | undefined;
        readonly index?: number | undefined;
        readonly itemFilter?: 'none' | 'random-1' | undefined;
        readonly headerLocIds?: readonly number[] | undefined;
      };
      answer: GetUiGroupsAnswerItemsOne;
    };
    '/v1/ui-items': {
      body: {
        readonly groupId: number;
        readonly tagId: number;
        readonly parentId?: number | null | undefined;
        readonly index?: number | undefined;
        readonly isDefault?: boolean | undefined;
        readonly active?: boolean | undefined;
      };
      answer: {
        id: number;
        groupId: number;
        tagId: number;
        parentId: number | null;
        index: number;
        isDefault: boolean;
        active: boolean;
      };
    };
    '/v1/units': {
      body: {
        readonly name: string;
        readonly kind?: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other' | undefined;
        readonly model?: string | null | undefined;
        readonly serial?: string | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: {
        id: number;
        name: string;
        kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
        model: string | null;
        serial: string | null;
        notes: string;
      };
    };
    '/v1/uploads': {
      upload: Upload;
    };
    '/v1/users': {
      body: {
        readonly username: string;
        readonly password: string;
        readonly role?: 'viewer' | 'operator' | 'admin' | undefined;
      };
      answer: {
        id: string;
        username: string;
        role: 'viewer' | 'operator' | 'admin';
        createdAtUnixMs: number;
        passwordChangedAtUnixMs: number;
      };
    };
    '/v1/users/{id}/password': {
      params: { id: string };
      body: { readonly password?: string | undefined };
      answer: { username: string; password: string | null };
    };
    '/v1/variables': {
      body: {
        readonly name: string;
        readonly kind: 'number' | 'text' | 'boolean';
        readonly value: number | string | boolean;
        readonly unit?: string | null | undefined;
        readonly description?: string | undefined;
      };
      answer: GetVariablesAnswerItemsOne;
    };
    '/v1/visit-events': {
      body: {
        readonly sessionId: number;
        readonly kind: string;
        readonly clientTime?: string | null | undefined;
        readonly data?: string | null | undefined;
        readonly latitude?: number | null | undefined;
        readonly longitude?: number | null | undefined;
        readonly tagIds?: readonly number[] | undefined;
      };
      answer: GetVisitEventsAnswerItemsOne;
    };
    '/v1/visitors': {
      body: {
        readonly username: string;
        readonly firstName?: string | undefined;
        readonly lastName?: string | undefined;
        readonly email?: string | undefined;
        readonly deviceId?: string | null | undefined;
        readonly clientType?: string | undefined;
      };
      answer: GetVisitorsAnswerItemsOne;
    };
    '/v1/visits': {
      body: {
        readonly projectId: number;
        readonly userId?: number | null | undefined;
        readonly languageId?: number | undefined;
        readonly clientType?: string | undefined;
        readonly clientSystem?: string | undefined;
        readonly timezone?: string | undefined;
        readonly geoListenEnabled?: boolean | undefined;
        readonly demoStreamEnabled?: boolean | undefined;
      };
      answer: GetVisitsAnswerItemsOne;
    };
    '/v1/votes': {
      body: {
        readonly assetId: number;
        readonly sessionId: number;
        readonly userId?: number | null | undefined;
        readonly kind: 'like' | 'flag' | 'rate' | 'block_asset' | 'block_user';
        readonly value?: number | null | undefined;
      };
      answer: GetVotesAnswerItemsOne;
    };
  };
  PUT: {
    '/v1/dashboards/{id}': {
      params: { id: number | string };
      body: {
        readonly name: string;
        readonly shared?: boolean | undefined;
        readonly variables?: readonly PostDashboardsBodyVariablesOne[] | undefined;
        readonly rangeMs?: number | undefined;
        readonly widgets: readonly {
          readonly id?: number | undefined;
          readonly type: 'line_chart' | 'gauge' | 'stat_card' | 'table' | 'state_timeline' | 'alarm_list' | 'map' | 'actuator_toggle' | 'actuator_slider' | 'text' | 'image';
          readonly title?: string | undefined;
          readonly signalId?: number | null | undefined;
          readonly x?: number | undefined;
          readonly y?: number | undefined;
          readonly w?: number | undefined;
          readonly h?: number | undefined;
          readonly config?: object | undefined;
        }[];
        readonly basedOn?: number | undefined;
      };
      answer: GetDashboardsIdAnswer;
    };
    '/v1/devices/{id}/desired/{name}': {
      params: { id: string; name: string };
      body: { readonly value: number | string | boolean; readonly ttlMs?: number | undefined };
      answer: GetDevicesIdDesiredAnswerItemsOne;
    };
    '/v1/log-level': {
      body: {
        readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        readonly forS?: number | undefined;
      };
      answer: {
        level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        usual: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        untilUnixMs: number | null;
      };
    };
    '/v1/notification-preferences': {
      body: {
        readonly method?: 'email' | 'page' | 'both' | 'none' | undefined;
        readonly email?: string | null | undefined;
        readonly thresholds?: Readonly<Record<string, number>> | undefined;
        readonly types?: readonly string[] | undefined;
        readonly quietFrom?: string | null | undefined;
        readonly quietTo?: string | null | undefined;
        readonly timeZone?: string | undefined;
        readonly minIntervalMs?: number | undefined;
      };
      answer: GetNotificationPreferencesAnswer;
    };
    '/v1/variables/{name}': {
      params: { name: string };
      body: { readonly value: number | string | boolean };
      answer: GetVariablesAnswerItemsOne;
    };
  };
  PATCH: {
    '/v1/alarm-routes/{id}': {
      params: { id: number | string };
      body: {
        readonly parentId?: number | null | undefined;
        readonly position?: number | undefined;
        readonly name?: string | undefined;
        readonly matchers?: readonly { readonly label: string; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }[] | undefined;
        readonly targetIds?: readonly number[] | undefined;
        readonly groupBy?: readonly string[] | undefined;
        readonly groupWaitMs?: number | undefined;
        readonly groupIntervalMs?: number | undefined;
        readonly repeatMs?: number | undefined;
        readonly goOn?: boolean | undefined;
        readonly muteScheduleIds?: readonly number[] | undefined;
      };
      answer: GetAlarmRoutesAnswerItemsOne;
    };
    '/v1/annotations/{id}': {
      params: { id: number | string };
      body: {
        readonly fromUnixMs?: number | undefined;
        readonly toUnixMs?: number | null | undefined;
        readonly text?: string | undefined;
        readonly channels?: readonly string[] | undefined;
        readonly tags?: readonly string[] | undefined;
      };
      answer: {
        id: number;
        fromUnixMs: number;
        toUnixMs: number | null;
        text: string;
        channels: string[];
        tags: string[];
        by: string;
      };
    };
    '/v1/assets/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly languageId?: number | undefined;
        readonly description?: string | undefined;
        readonly latitude?: number | null | undefined;
        readonly longitude?: number | null | undefined;
        readonly shape?: readonly (readonly (readonly (readonly [number, number])[])[])[] | null | undefined;
        readonly radiusM?: number | null | undefined;
        readonly placed?: boolean | undefined;
        readonly law?: 'linear' | 'inverse' | 'exponential' | 'cosine' | undefined;
        readonly volume?: number | undefined;
        readonly weight?: number | undefined;
        readonly submitted?: boolean | undefined;
        readonly startS?: number | null | undefined;
        readonly endS?: number | null | undefined;
        readonly tagIds?: readonly number[] | undefined;
        readonly envelopeIds?: readonly number[] | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly altTextLocIds?: readonly number[] | undefined;
        readonly mediaType?: 'audio' | 'photo' | 'text' | 'video' | undefined;
        readonly mediaId?: string | null | undefined;
      };
      answer: GetAssetsAnswerItemsOne;
    };
    '/v1/assignments/{id}': {
      params: { id: number | string };
      body: {
        readonly performerId?: number | undefined;
        readonly rfChannelId?: number | undefined;
        readonly priority?: 'low' | 'normal' | 'high' | 'critical' | undefined;
        readonly userId?: string | null | undefined;
        readonly alertOnBattery?: boolean | undefined;
        readonly alertOnSignal?: boolean | undefined;
        readonly alertOnAudio?: boolean | undefined;
        readonly alertOnOffline?: boolean | undefined;
        readonly fromUnixMs?: number | null | undefined;
        readonly toUnixMs?: number | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetAssignmentsAnswerItemsOne;
    };
    '/v1/board-groups/{id}': {
      params: { id: number | string };
      body: {
        readonly number?: number | undefined;
        readonly title?: string | undefined;
        readonly slots?: readonly number[] | undefined;
        readonly hideCharts?: boolean | undefined;
      };
      answer: { id: number; number: number; title: string; slots: number[]; hideCharts: boolean };
    };
    '/v1/dashboards/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly shared?: boolean | undefined;
        readonly variables?: readonly PostDashboardsBodyVariablesOne[] | undefined;
        readonly rangeMs?: number | undefined;
      };
      answer: GetDashboardsIdAnswer;
    };
    '/v1/dashboards/{id}/widgets/{widgetId}': {
      params: { id: number | string; widgetId: number | string };
      body: {
        readonly type?: 'line_chart' | 'gauge' | 'stat_card' | 'table' | 'state_timeline' | 'alarm_list' | 'map' | 'actuator_toggle' | 'actuator_slider' | 'text' | 'image' | undefined;
        readonly title?: string | undefined;
        readonly signalId?: number | null | undefined;
        readonly x?: number | undefined;
        readonly y?: number | undefined;
        readonly w?: number | undefined;
        readonly h?: number | undefined;
        readonly config?: object | undefined;
      };
      answer: GetDashboardsIdAnswerWidgetsOne;
    };
    '/v1/device-records/{id}': {
      params: { id: number | string };
      body: {
        readonly givenName?: string | null | undefined;
        readonly address?: string | null | undefined;
        readonly port?: number | null | undefined;
        readonly enabled?: boolean | undefined;
        readonly locationId?: number | null | undefined;
        readonly config?: object | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetDeviceRecordsAnswerItemsOne;
    };
    '/v1/devices/{id}': {
      params: { id: string };
      body: { readonly name: string };
      answer: GetDevicesIdAnswer;
    };
    '/v1/envelopes/{id}': {
      params: { id: number | string };
      body: { readonly sessionId?: number | undefined };
      answer: { id: number; sessionId: number; createdAtUnixMs: number };
    };
    '/v1/experiments/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly notes?: string | undefined;
        readonly channels?: readonly string[] | undefined;
      };
      answer: GetExperimentsAnswerItemsOne;
    };
    '/v1/journal/{id}': {
      params: { id: number | string };
      body: {
        readonly level?: 'error' | 'warning' | 'info' | undefined;
        readonly text?: string | undefined;
        readonly read?: boolean | undefined;
      };
      answer: {
        id: number;
        level: 'error' | 'warning' | 'info';
        text: string;
        read: boolean;
        publicId: string;
        atUnixMs: number;
        by: string;
        ownerId: string | null;
      };
    };
    '/v1/languages/{id}': {
      params: { id: number | string };
      body: { readonly name?: string | undefined; readonly code?: string | undefined };
      answer: { id: number; name: string; code: string };
    };
    '/v1/listens/{id}': {
      params: { id: number | string };
      body: {
        readonly sessionId?: number | undefined;
        readonly assetId?: number | undefined;
        readonly projectId?: number | undefined;
        readonly startedAtUnixMs?: number | undefined;
        readonly durationS?: number | undefined;
      };
      answer: {
        id: number;
        sessionId: number;
        assetId: number;
        projectId: number;
        startedAtUnixMs: number;
        durationS: number;
      };
    };
    '/v1/localized-strings/{id}': {
      params: { id: number | string };
      body: { readonly languageId?: number | undefined; readonly text?: string | undefined };
      answer: { id: number; languageId: number; text: string };
    };
    '/v1/locations/{id}': {
      params: { id: number | string };
      body: {
        readonly parentId?: number | null | undefined;
        readonly kind?: 'site' | 'building' | 'room' | undefined;
        readonly name?: string | undefined;
      };
      answer: { id: number; parentId: number | null; kind: 'site' | 'building' | 'room'; name: string };
    };
    '/v1/notifications/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly active?: boolean | undefined;
        readonly on?: readonly ('add' | 'edit' | 'delete')[] | undefined;
        readonly channel?: 'email' | 'webhook' | undefined;
        readonly to?: readonly string[] | undefined;
        readonly subject?: string | undefined;
        readonly message?: string | undefined;
      };
      answer: GetNotificationsAnswerItemsOne;
    };
    '/v1/performers/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly photoMediaId?: string | null | undefined;
        readonly backgroundMediaId?: string | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetPerformersAnswerItemsOne;
    };
    '/v1/plugin-instances/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly enabled?: boolean | undefined;
        readonly config?: object | undefined;
      };
      answer: {
        id: number;
        plugin: string;
        name: string;
        enabled: boolean;
        config: Record<string, unknown>;
        secretsSet: string[];
      };
    };
    '/v1/project-groups/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly active?: boolean | undefined;
        readonly description?: string | undefined;
        readonly thumbnailUrl?: string | undefined;
        readonly projectIds?: readonly number[] | undefined;
      };
      answer: {
        id: number;
        name: string;
        active: boolean;
        description: string;
        thumbnailUrl: string;
        projectIds: number[];
      };
    };
    '/v1/projects/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly owner?: string | undefined;
        readonly latitude?: number | undefined;
        readonly longitude?: number | undefined;
        readonly audioFormat?: 'mp3' | 'ogg' | undefined;
        readonly audioBitrateKbps?: number | undefined;
        readonly autoSubmit?: boolean | undefined;
        readonly maxRecordingS?: number | undefined;
        readonly listenQuestionsDynamic?: boolean | undefined;
        readonly speakQuestionsDynamic?: boolean | undefined;
        readonly sharingUrl?: string | undefined;
        readonly outOfRangeUrl?: string | undefined;
        readonly recordingRadiusM?: number | null | undefined;
        readonly listenEnabled?: boolean | undefined;
        readonly geoListenEnabled?: boolean | undefined;
        readonly speakEnabled?: boolean | undefined;
        readonly geoSpeakEnabled?: boolean | undefined;
        readonly resetTagDefaultsOnStartup?: boolean | undefined;
        readonly timedAssetFirst?: boolean | undefined;
        readonly repeatMode?: 'stop' | 'continuous' | undefined;
        readonly filesUrl?: string | undefined;
        readonly filesVersion?: string | undefined;
        readonly ordering?: 'random' | 'by_like' | 'by_weight' | undefined;
        readonly demoStreamEnabled?: boolean | undefined;
        readonly demoStreamUrl?: string | undefined;
        readonly outOfRangeM?: number | undefined;
        readonly bannedS?: number | undefined;
        readonly masterGain?: number | undefined;
        readonly targetLufs?: number | null | undefined;
        readonly output?: 'builtin' | 'icecast' | 'both' | null | undefined;
        readonly plan?: { readonly url: string; readonly corners: readonly (readonly [number, number])[] } | null | undefined;
        readonly demoStreamMessageLocIds?: readonly number[] | undefined;
        readonly legalAgreementLocIds?: readonly number[] | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly sharingMessageLocIds?: readonly number[] | undefined;
        readonly outOfRangeMessageLocIds?: readonly number[] | undefined;
        readonly languageIds?: readonly number[] | undefined;
      };
      answer: GetProjectsAnswerItemsOne;
    };
    '/v1/retention-overrides/{id}': {
      params: { id: number | string };
      body: {
        readonly scope?: 'device' | 'channel' | undefined;
        readonly scopeId?: string | undefined;
        readonly rawDays?: number | undefined;
        readonly rollupDays?: number | undefined;
      };
      answer: { id: number; scope: 'device' | 'channel'; scopeId: string; rawDays: number; rollupDays: number };
    };
    '/v1/rf-channels/{id}': {
      params: { id: number | string };
      body: {
        readonly slot?: number | null | undefined;
        readonly resource?: 'free' | 'reserved' | 'active' | 'degraded' | 'disabled' | undefined;
        readonly givenId?: string | null | undefined;
        readonly givenName?: string | null | undefined;
        readonly unitId?: number | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: GetRfChannelsAnswerItemsOne;
    };
    '/v1/rules/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly description?: string | undefined;
        readonly enabled?: boolean | undefined;
        readonly condition?: {
          readonly type: 'threshold';
          readonly channel: string;
          readonly op: '>' | '>=' | '<' | '<=';
          readonly value: number;
          readonly clear?: number | undefined;
        } | PostRulesBodyCondition | PostRulesBodyCondition2 | PostRulesBodyCondition3 | { readonly type: 'no-data'; readonly channel: string; readonly afterMs: number } | PostRulesBodyCondition4 | { readonly type: 'expression'; readonly text: string; readonly clear?: string | undefined } | { readonly type: 'schedule'; readonly scheduleId: number } | undefined;
        readonly each?: readonly string[] | null | undefined;
        readonly holdMs?: number | undefined;
        readonly keepMs?: number | undefined;
        readonly cooldownMs?: number | undefined;
        readonly inARow?: number | undefined;
        readonly noData?: 'no-data' | 'normal' | 'firing' | 'keep' | undefined;
        readonly noDataAfterMs?: number | undefined;
        readonly onError?: 'error' | 'normal' | 'firing' | 'keep' | undefined;
        readonly maxPerMinute?: number | undefined;
        readonly scheduleId?: number | null | undefined;
        readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | null | undefined;
        readonly labels?: Readonly<Record<string, string>> | undefined;
        readonly text?: string | undefined;
        readonly actions?: readonly (PostRulesBodyActionsOne | {
          readonly type: 'webhooks';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly event: string;
        } | {
          readonly type: 'journal';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly level: 'error' | 'warning' | 'info';
          readonly text: string;
        } | PostRulesBodyActionsOne2 | {
          readonly type: 'variable';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly name: string;
          readonly value: number | string | boolean;
        } | {
          readonly type: 'experiment';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'start' | 'stop';
          readonly name: string;
        } | PostRulesBodyActionsOne3 | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'mute' | 'unmute';
          readonly speakerId: number;
        } | PostRulesBodyActionsOne4 | PostRulesBodyActionsOne5 | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'pause' | 'resume';
          readonly projectId: number;
        } | {
          readonly type: 'audio';
          readonly on?: 'firing' | 'clear' | 'both' | undefined;
          readonly do: 'text';
          readonly projectId: number;
          readonly text: string;
        })[] | undefined;
        readonly parentRuleId?: number | null | undefined;
        readonly escalation?: readonly {
          readonly afterMs: number;
          readonly severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info' | undefined;
          readonly targetIds: readonly number[];
        }[] | undefined;
      };
      answer: GetRulesAnswerItemsOne;
    };
    '/v1/schedules/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly timeZone?: string | undefined;
        readonly weekly?: readonly { readonly days: readonly number[]; readonly from: string; readonly to: string }[] | undefined;
        readonly cron?: string | null | undefined;
        readonly cronOpenMs?: number | undefined;
        readonly days?: readonly {
          readonly day: string;
          readonly name?: string | undefined;
          readonly times: readonly { readonly from: string; readonly to: string }[];
        }[] | undefined;
      };
      answer: GetSchedulesAnswerItemsOne;
    };
    '/v1/sessions/{id}': {
      params: { id: string };
      body: {
        readonly position?: { readonly latitude: number; readonly longitude: number } | undefined;
        readonly headingDeg?: number | null | undefined;
        readonly headingWidthDeg?: number | null | undefined;
        readonly rangeMinM?: number | null | undefined;
        readonly rangeMaxM?: number | null | undefined;
        readonly tagIds?: readonly number[] | null | undefined;
        readonly language?: string | null | undefined;
      };
      answer: GetSessionsIdAnswer;
    };
    '/v1/setting-overrides/{id}': {
      params: { id: number | string };
      body: {
        readonly scope?: 'site' | 'instance' | 'device' | undefined;
        readonly scopeId?: string | undefined;
        readonly key?: string | undefined;
        readonly value?: number | string | boolean | null | undefined;
      };
      answer: {
        id: number;
        scope: 'site' | 'instance' | 'device';
        scopeId: string;
        key: string;
        value: number | string | boolean | null;
      };
    };
    '/v1/signals/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly minimum?: number | undefined;
        readonly maximum?: number | undefined;
        readonly unit?: string | undefined;
        readonly type?: 'sensor' | 'actuator' | 'range' | 'cmd_button' | 'cmd_opened' | 'cmd_closed' | undefined;
        readonly deviceId?: string | undefined;
        readonly parameter?: string | undefined;
      };
      answer: GetSignalsAnswerItemsOne;
    };
    '/v1/silences/{id}': {
      params: { id: number | string };
      body: {
        readonly matchers?: readonly { readonly label: string; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }[] | undefined;
        readonly fromUnixMs?: number | undefined;
        readonly untilUnixMs?: number | undefined;
        readonly reason?: string | undefined;
      };
      answer: {
        id: number;
        matchers: { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }[];
        fromUnixMs: number;
        untilUnixMs: number;
        reason: string;
        by: string;
      };
    };
    '/v1/speakers/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly active?: boolean | undefined;
        readonly code?: string | undefined;
        readonly name?: string | undefined;
        readonly maxVolume?: number | undefined;
        readonly minVolume?: number | undefined;
        readonly uri?: string | undefined;
        readonly backupUri?: string | undefined;
        readonly mediaId?: string | null | undefined;
        readonly shape?: readonly (readonly (readonly (readonly [number, number])[])[])[] | undefined;
        readonly attenuationM?: number | undefined;
        readonly law?: 'linear' | 'inverse' | 'exponential' | 'cosine' | undefined;
      };
      answer: GetSpeakersAnswerItemsOne;
    };
    '/v1/tag-categories/{id}': {
      params: { id: number | string };
      body: { readonly name?: string | undefined; readonly data?: string | undefined };
      answer: { id: number; name: string; data: string };
    };
    '/v1/tag-relationships/{id}': {
      params: { id: number | string };
      body: { readonly tagId?: number | undefined; readonly parentId?: number | null | undefined };
      answer: { id: number; tagId: number; parentId: number | null };
    };
    '/v1/tags/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly categoryId?: number | undefined;
        readonly value?: string | undefined;
        readonly description?: string | undefined;
        readonly data?: string | undefined;
        readonly filter?: '' | '_within_10km' | '_ten_most_recent_days' | undefined;
        readonly location?: readonly (readonly (readonly (readonly [number, number])[])[])[] | null | undefined;
        readonly descriptionLocIds?: readonly number[] | undefined;
        readonly messageLocIds?: readonly number[] | undefined;
      };
      answer: GetTagsAnswerItemsOne;
    };
    '/v1/targets/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly enabled?: boolean | undefined;
        readonly config?: object | undefined;
        readonly secret?: PostTargetsBodySecret | null | undefined;
        readonly events?: readonly string[] | undefined;
      };
      answer: GetTargetsAnswerItemsOne;
    };
    '/v1/timed-assets/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly assetId?: number | undefined;
        readonly startS?: number | undefined;
        readonly endS?: number | undefined;
      };
      answer: { id: number; projectId: number; assetId: number; startS: number; endS: number };
    };
    '/v1/tracks/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly active?: boolean | undefined;
        readonly minVolume?: number | undefined;
        readonly maxVolume?: number | undefined;
        readonly minDurationS?: number | undefined;
        readonly maxDurationS?: number | undefined;
        readonly minDeadAirS?: number | undefined;
        readonly maxDeadAirS?: number | undefined;
        readonly minFadeInS?: number | undefined;
        readonly maxFadeInS?: number | undefined;
        readonly minFadeOutS?: number | undefined;
        readonly maxFadeOutS?: number | undefined;
        readonly minPan?: number | undefined;
        readonly maxPan?: number | undefined;
        readonly minPanDurationS?: number | undefined;
        readonly maxPanDurationS?: number | undefined;
        readonly repeatRecordings?: boolean | undefined;
        readonly tagIds?: readonly number[] | undefined;
        readonly startWithSilence?: boolean | undefined;
        readonly bannedS?: number | undefined;
        readonly fadeOutWhenFiltered?: boolean | undefined;
        readonly timedPriority?: 'highest' | 'normal' | 'neutral' | 'lowest' | 'discard' | undefined;
      };
      answer: GetTracksAnswerItemsOne;
    };
    '/v1/ui-element-names/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly description?: string | undefined;
        readonly view?: string | undefined;
      };
      answer: { id: number; name: string; description: string; view: string };
    };
    '/v1/ui-elements/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly nameId?: number | undefined;
        readonly variant?: string | undefined;
        readonly fileExtension?: string | undefined;
        readonly labelTextColor?: string | undefined;
        readonly labelPosition?: string | undefined;
        readonly labelTextLocIds?: readonly number[] | undefined;
      };
      answer: GetUiElementsAnswerItemsOne;
    };
    '/v1/ui-groups/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly categoryId?: number | undefined;
        readonly name?: string | undefined;
        readonly mode?: 'listen' | 'speak' | 'browse' | undefined;
        readonly select?: 'single' | 'multi' | 'min_one' | undefined;
        readonly active?: boolean | undefined;
        readonly index?: number | undefined;
        readonly itemFilter?: 'none' | 'random-1' | undefined;
        readonly headerLocIds?: readonly number[] | undefined;
      };
      answer: GetUiGroupsAnswerItemsOne;
    };
    '/v1/ui-items/{id}': {
      params: { id: number | string };
      body: {
        readonly groupId?: number | undefined;
        readonly tagId?: number | undefined;
        readonly parentId?: number | null | undefined;
        readonly index?: number | undefined;
        readonly isDefault?: boolean | undefined;
        readonly active?: boolean | undefined;
      };
      answer: {
        id: number;
        groupId: number;
        tagId: number;
        parentId: number | null;
        index: number;
        isDefault: boolean;
        active: boolean;
      };
    };
    '/v1/units/{id}': {
      params: { id: number | string };
      body: {
        readonly name?: string | undefined;
        readonly kind?: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other' | undefined;
        readonly model?: string | null | undefined;
        readonly serial?: string | null | undefined;
        readonly notes?: string | undefined;
      };
      answer: {
        id: number;
        name: string;
        kind: 'bodypack' | 'handheld' | 'plug-on' | 'in-ear' | 'other';
        model: string | null;
        serial: string | null;
        notes: string;
      };
    };
    '/v1/uploads/{id}': {
      params: { id: string };
      upload: Upload;
      answer: undefined;
    };
    '/v1/users/{id}': {
      params: { id: string };
      body: { readonly role?: 'viewer' | 'operator' | 'admin' | undefined; readonly password?: string | undefined };
      answer: {
        id: string;
        username: string;
        role: 'viewer' | 'operator' | 'admin';
        createdAtUnixMs: number;
        passwordChangedAtUnixMs: number;
      };
    };
    '/v1/visit-events/{id}': {
      params: { id: number | string };
      body: {
        readonly sessionId?: number | undefined;
        readonly kind?: string | undefined;
        readonly clientTime?: string | null | undefined;
        readonly data?: string | null | undefined;
        readonly latitude?: number | null | undefined;
        readonly longitude?: number | null | undefined;
        readonly tagIds?: readonly number[] | undefined;
      };
      answer: GetVisitEventsAnswerItemsOne;
    };
    '/v1/visitors/{id}': {
      params: { id: number | string };
      body: {
        readonly username?: string | undefined;
        readonly firstName?: string | undefined;
        readonly lastName?: string | undefined;
        readonly email?: string | undefined;
        readonly deviceId?: string | null | undefined;
        readonly clientType?: string | undefined;
      };
      answer: GetVisitorsAnswerItemsOne;
    };
    '/v1/visits/{id}': {
      params: { id: number | string };
      body: {
        readonly projectId?: number | undefined;
        readonly userId?: number | null | undefined;
        readonly languageId?: number | undefined;
        readonly clientType?: string | undefined;
        readonly clientSystem?: string | undefined;
        readonly timezone?: string | undefined;
        readonly geoListenEnabled?: boolean | undefined;
        readonly demoStreamEnabled?: boolean | undefined;
      };
      answer: GetVisitsAnswerItemsOne;
    };
    '/v1/votes/{id}': {
      params: { id: number | string };
      body: {
        readonly assetId?: number | undefined;
        readonly sessionId?: number | undefined;
        readonly userId?: number | null | undefined;
        readonly kind?: 'like' | 'flag' | 'rate' | 'block_asset' | 'block_user' | undefined;
        readonly value?: number | null | undefined;
      };
      answer: GetVotesAnswerItemsOne;
    };
  };
  DELETE: {
    '/v1/alarm-routes/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/annotations/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/assets/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/assignments/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/auth-sessions/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/backup': {
      answer: undefined;
    };
    '/v1/board-groups/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/dashboards/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/dashboards/{id}/share': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/dashboards/{id}/widgets/{widgetId}': {
      params: { id: number | string; widgetId: number | string };
      answer: undefined;
    };
    '/v1/devices/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/devices/{id}/desired/{name}': {
      params: { id: string; name: string };
      answer: undefined;
    };
    '/v1/devices/{id}/token': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/envelopes/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/experiments/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/exports/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/journal/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/kiosk-links/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/languages/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/listens/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/localized-strings/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/locations/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/notifications/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/performers/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/performers/{id}/pictures/{place}': {
      params: { id: number | string; place: 'photo' | 'background' };
      answer: GetPerformersAnswerItemsOne;
    };
    '/v1/plugin-instances/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/project-groups/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/projects/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/retention-overrides/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/rf-channels/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/rules/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/scans/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/schedules/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/sessions/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/setting-overrides/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/signals/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/silences/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/speakers/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/tag-categories/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/tag-relationships/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/tags/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/targets/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/timed-assets/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/tokens/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/tracks/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/ui-element-names/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/ui-elements/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/ui-groups/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/ui-items/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/units/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/uploads/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/users/{id}': {
      params: { id: string };
      answer: undefined;
    };
    '/v1/users/{id}/auth-sessions': {
      params: { id: string };
      answer: { ended: number };
    };
    '/v1/variables/{name}': {
      params: { name: string };
      answer: undefined;
    };
    '/v1/visit-events/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/visitors/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/visits/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
    '/v1/votes/{id}': {
      params: { id: number | string };
      answer: undefined;
    };
  };
}

type GetAlarmRoutesAnswerItemsOne = {
  id: number;
  parentId: number | null;
  position: number;
  name: string;
  matchers: { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }[];
  targetIds: number[];
  groupBy: string[];
  groupWaitMs: number;
  groupIntervalMs: number;
  repeatMs: number;
  goOn: boolean;
  muteScheduleIds: number[];
};

type GetAssetsAnswerItemsOne = {
  id: number;
  projectId: number;
  languageId: number;
  description: string;
  latitude: number | null;
  longitude: number | null;
  shape: ((([number, number])[])[])[] | null;
  radiusM: number | null;
  placed: boolean;
  law: 'linear' | 'inverse' | 'exponential' | 'cosine';
  volume: number;
  weight: number;
  submitted: boolean;
  startS: number | null;
  endS: number | null;
  tagIds: number[];
  envelopeIds: number[];
  descriptionLocIds: number[];
  altTextLocIds: number[];
  mediaType: 'audio' | 'photo' | 'text' | 'video';
  mediaId: string | null;
  sessionId: number | null;
  userId: number | null;
  filename: string | null;
  lengthS: number | null;
  loudnessLufs: number | null;
  ingest: 'none' | 'waiting' | 'working' | 'ready' | 'failed';
  ingestError: string | null;
  createdAtUnixMs: number;
  updatedAtUnixMs: number;
};

type GetAssignmentsAnswerItemsOne = {
  id: number;
  performerId: number;
  rfChannelId: number;
  priority: 'low' | 'normal' | 'high' | 'critical';
  userId: string | null;
  alertOnBattery: boolean;
  alertOnSignal: boolean;
  alertOnAudio: boolean;
  alertOnOffline: boolean;
  fromUnixMs: number | null;
  toUnixMs: number | null;
  notes: string;
};

type GetChannelsAnswerItemsOne = {
  id: string;
  channel: number;
  deviceId: string;
  name: string;
  kind: 'number' | 'text' | 'boolean';
  unit: string | null;
  value: number | string | boolean | null;
  atUnixMs: number | null;
};

type GetChecksAnswer = {
  atUnixMs: number;
  deep: boolean;
  mediaCount: number;
  fileCount: number;
  findings: GetChecksAnswerFindingsOne[];
  more: boolean;
};

type GetChecksAnswerFindingsOne = {
  kind: 'missing-file' | 'missing-media' | 'unreadable' | 'unused-file' | 'unused-media';
  what: string;
  mediaId: string | null;
  assetIds: number[];
  sizeBytes: number;
  action: 'convert-again' | 'mark-failed' | 'remove-file' | 'remove-media' | 'none';
  repair: string;
  done: boolean | null;
};

type GetDashboardsIdAnswer = {
  id: number;
  publicId: string;
  name: string;
  shared: boolean;
  variables: { name: string; label: string; kind: 'device' | 'channel' | 'text'; value: string; options?: string[] }[];
  rangeMs: number;
  linked: boolean;
  own: boolean;
  mayChange: boolean;
  createdAtUnixMs: number;
  updatedAtUnixMs: number;
  widgets: GetDashboardsIdAnswerWidgetsOne[];
};

type GetDashboardsIdAnswerWidgetsOne = {
  id: number;
  publicId: string;
  dashboardId: number;
  type: 'line_chart' | 'gauge' | 'stat_card' | 'table' | 'state_timeline' | 'alarm_list' | 'map' | 'actuator_toggle' | 'actuator_slider' | 'text' | 'image';
  title: string;
  signalId: number | null;
  signalChannel: string | null;
  x: number;
  y: number;
  w: number;
  h: number;
  config: Record<string, unknown>;
};

type GetDeliveriesAnswerItemsOne = {
  id: number;
  key: string;
  kind: 'target' | 'action';
  targetId: number | null;
  targetName: string | null;
  event: string;
  subject: string | null;
  payload: string;
  alarmId: number | null;
  state: 'pending' | 'delivered' | 'failed' | 'dead';
  attempts: number;
  nextAtUnixMs: number | null;
  lastError: string | null;
  responseCode: number | null;
  createdAtUnixMs: number;
  deliveredAtUnixMs: number | null;
};

type GetDeviceRecordsAnswerItemsOne = {
  id: number;
  givenName: string | null;
  address: string | null;
  port: number | null;
  enabled: boolean;
  locationId: number | null;
  config: Record<string, unknown>;
  notes: string;
  deviceId: string;
  instanceId: number;
  externalId: string;
  role: string;
  serial: string | null;
  mac: string | null;
  model: string | null;
  firmware: string | null;
  reportedName: string | null;
  lifecycle: 'discovered' | 'provisioning' | 'online' | 'degraded' | 'offline' | 'maintenance' | 'retired';
  lifecycleSinceUnixMs: number;
  lifecycleReason: string | null;
  createdAtUnixMs: number;
  updatedAtUnixMs: number;
};

type GetDevicesAnswerItemsOne = {
  id: string;
  name: string;
  protocol: string;
  state: 'connecting' | 'connected' | 'silent' | 'disconnected' | 'error' | 'parked' | 'stopped';
  sinceUnixMs: number;
  lastSeenUnixMs: number | null;
  reconnects: number;
  lastError: string | null;
  address: string | null;
  role?: string | null;
  instanceId?: number | null;
  vendor?: string | null;
  model?: string | null;
  serial?: string | null;
  firmware?: string | null;
  lifecycle?: string | null;
  health?: 'offline' | 'unknown' | 'healthy' | 'warning' | 'stale' | null;
  locationId?: number | null;
  location?: string | null;
  [more: string]: unknown;
};

type GetDevicesIdAnswer = { device: GetDevicesAnswerItemsOne; channels: GetChannelsAnswerItemsOne[] };

type GetDevicesIdCommandsAnswerItemsOne = {
  id: string;
  deviceId: string;
  name: string;
  value: number | string | boolean;
  state: 'pending' | 'queued' | 'confirmed' | 'refused' | 'unanswered' | 'offline' | 'expired';
  createdAtUnixMs: number;
  settledAtUnixMs: number | null;
  by: string;
  expiresAtUnixMs?: number | null;
  detail?: string | null;
};

type GetDevicesIdDesiredAnswerItemsOne = {
  name: string;
  desired: number | string | boolean;
  reported: number | string | boolean | null;
  reportedAtUnixMs: number | null;
  inStep: boolean;
  by: string;
  atUnixMs: number;
  command: GetDevicesIdCommandsAnswerItemsOne | null;
};

type GetExperimentsAnswerItemsOne = {
  id: number;
  name: string;
  notes: string;
  channels: string[];
  publicId: string;
  startedAtUnixMs: number | null;
  stoppedAtUnixMs: number | null;
  ownerId: string | null;
  createdAtUnixMs: number;
};

type GetExportsAnswerItemsOne = {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  format: 'csv' | 'json' | 'parquet';
  title: string;
  by: string;
  progress: number;
  bytes: number;
  createdAtUnixMs: number;
  finishedAtUnixMs: number | null;
  expiresAtUnixMs: number | null;
  error: string | null;
};

type GetNotificationPreferencesAnswer = {
  method: 'email' | 'page' | 'both' | 'none';
  email: string | null;
  thresholds: Record<string, number>;
  types: string[];
  quietFrom: string | null;
  quietTo: string | null;
  timeZone: string;
  minIntervalMs: number;
};

type GetNotificationsAnswerItemsOne = {
  id: number;
  projectId: number;
  active: boolean;
  on: ('add' | 'edit' | 'delete')[];
  channel: 'email' | 'webhook';
  to: string[];
  subject: string;
  message: string;
  lastSentAtUnixMs: number | null;
  lastError: string | null;
};

type GetPerformersAnswerItemsOne = {
  id: number;
  name: string;
  photoMediaId: string | null;
  backgroundMediaId: string | null;
  notes: string;
  photoUrl: string | null;
  backgroundUrl: string | null;
};

type GetPluginsAnswerItemsOne = {
  id: string;
  name: string;
  version: string;
  vendor: string;
  description: string;
  source: 'built-in' | 'folder' | 'package';
  reach: 'server' | 'devices' | 'none';
  discovers: string[];
  state: 'starting' | 'running' | 'failed' | 'lost' | 'unused';
  error: string | null;
  instances: number;
  devices: number;
  restarts: number;
  heapBytes: number;
  [more: string]: unknown;
};

type GetProjectsAnswerItemsOne = {
  id: number;
  name: string;
  owner: string;
  latitude: number;
  longitude: number;
  audioFormat: 'mp3' | 'ogg';
  audioBitrateKbps: number;
  autoSubmit: boolean;
  maxRecordingS: number;
  listenQuestionsDynamic: boolean;
  speakQuestionsDynamic: boolean;
  sharingUrl: string;
  outOfRangeUrl: string;
  recordingRadiusM: number | null;
  listenEnabled: boolean;
  geoListenEnabled: boolean;
  speakEnabled: boolean;
  geoSpeakEnabled: boolean;
  resetTagDefaultsOnStartup: boolean;
  timedAssetFirst: boolean;
  repeatMode: 'stop' | 'continuous';
  filesUrl: string;
  filesVersion: string;
  ordering: 'random' | 'by_like' | 'by_weight';
  demoStreamEnabled: boolean;
  demoStreamUrl: string;
  outOfRangeM: number;
  bannedS: number;
  masterGain: number;
  targetLufs: number | null;
  output: 'builtin' | 'icecast' | 'both' | null;
  plan: { url: string; corners: ([number, number])[] } | null;
  demoStreamMessageLocIds: number[];
  legalAgreementLocIds: number[];
  descriptionLocIds: number[];
  sharingMessageLocIds: number[];
  outOfRangeMessageLocIds: number[];
  languageIds: number[];
  publishedAtUnixMs: number;
};

type GetProjectsIdListenerAnswerListenGroupsOne = {
  id: number;
  name: string;
  header: string;
  select: 'single' | 'multi' | 'min_one';
  items: { id: number; tagId: number; parentId: number | null; text: string; isDefault: boolean }[];
};

type GetRfChannelsAnswerItemsOne = {
  id: number;
  slot: number | null;
  resource: 'free' | 'reserved' | 'active' | 'degraded' | 'disabled';
  givenId: string | null;
  givenName: string | null;
  unitId: number | null;
  notes: string;
  deviceId: string;
  number: number;
  direction: 'receive' | 'send' | 'bidirectional';
  reportedName: string | null;
};

type GetRulesAnswerItemsOne = {
  id: number;
  name: string;
  description: string;
  enabled: boolean;
  condition: { type: 'threshold'; channel: string; op: '>' | '>=' | '<' | '<='; value: number; clear?: number } | {
    type: 'range';
    channel: string;
    low: number;
    high: number;
    when: 'inside' | 'outside';
    hysteresis?: number;
  } | { type: 'equals'; channel: string; value: number | string | boolean; tolerance?: number; negate?: boolean } | {
    type: 'rate';
    channel: string;
    overMs: number;
    op: '>' | '>=' | '<' | '<=';
    perSecond: number;
    clear?: number;
  } | { type: 'no-data'; channel: string; afterMs: number } | GetRulesAnswerItemsOneCondition | { type: 'expression'; text: string; clear?: string } | { type: 'schedule'; scheduleId: number };
  each: string[] | null;
  holdMs: number;
  keepMs: number;
  cooldownMs: number;
  inARow: number;
  noData: 'no-data' | 'normal' | 'firing' | 'keep';
  noDataAfterMs: number;
  onError: 'error' | 'normal' | 'firing' | 'keep';
  maxPerMinute: number;
  scheduleId: number | null;
  severity: 'critical' | 'major' | 'minor' | 'warning' | 'info' | null;
  labels: Record<string, string>;
  text: string;
  actions: ({
    type: 'notify';
    on?: 'firing' | 'clear' | 'both';
    targetId: number;
    subject?: string;
    text?: string;
    event?: string;
  } | { type: 'webhooks'; on?: 'firing' | 'clear' | 'both'; event: string } | { type: 'journal'; on?: 'firing' | 'clear' | 'both'; level: 'error' | 'warning' | 'info'; text: string } | {
    type: 'command';
    on?: 'firing' | 'clear' | 'both';
    deviceId: string;
    parameter: string;
    value: number | string | boolean;
  } | { type: 'variable'; on?: 'firing' | 'clear' | 'both'; name: string; value: number | string | boolean } | { type: 'experiment'; on?: 'firing' | 'clear' | 'both'; do: 'start' | 'stop'; name: string } | {
    type: 'audio';
    on?: 'firing' | 'clear' | 'both';
    do: 'speaker-volume';
    speakerId: number;
    volume: number;
  } | { type: 'audio'; on?: 'firing' | 'clear' | 'both'; do: 'mute' | 'unmute'; speakerId: number } | GetRulesAnswerItemsOneActionsOne | { type: 'audio'; on?: 'firing' | 'clear' | 'both'; do: 'tags'; projectId: number; tagIds: number[] } | { type: 'audio'; on?: 'firing' | 'clear' | 'both'; do: 'pause' | 'resume'; projectId: number } | { type: 'audio'; on?: 'firing' | 'clear' | 'both'; do: 'text'; projectId: number; text: string })[];
  parentRuleId: number | null;
  escalation: { afterMs: number; severity?: 'critical' | 'major' | 'minor' | 'warning' | 'info'; targetIds: number[] }[];
  publicId: string;
  origin: 'native' | 'default' | 'webmacs';
  ownerId: string | null;
  lastTriggeredAtUnixMs: number | null;
  createdAtUnixMs: number;
  updatedAtUnixMs: number;
  warnings: string[];
};

type GetRulesAnswerItemsOneCondition = {
  type: 'aggregate';
  channel: string;
  function: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'stddev' | 'range';
  windowMs: number;
  op: '>' | '>=' | '<' | '<=';
  value: number;
  clear?: number;
};

type GetRulesAnswerItemsOneActionsOne = {
  type: 'audio';
  on?: 'firing' | 'clear' | 'both';
  do: 'play';
  projectId: number;
  assetId: number;
  place?: { latitude: number; longitude: number; radiusM: number };
};

type GetSchedulesAnswerItemsOne = {
  id: number;
  name: string;
  timeZone: string;
  weekly: { days: number[]; from: string; to: string }[];
  cron: string | null;
  cronOpenMs: number;
  days: { day: string; name?: string; times: { from: string; to: string }[] }[];
};

type GetSeriesAnswer = {
  source: 'raw' | '1m' | '1h' | '1d';
  intervalMs: number;
  series: {
    channel: number;
    name: string;
    unit: string | null;
    atUnixMs: number[];
    value: (number | string)[];
    gaps?: { fromUnixMs: number; toUnixMs: number }[];
  }[];
};

type GetSessionsIdAnswer = {
  id: string;
  number: number;
  projectId: number;
  profile: 'native' | 'roundware';
  state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
  streamUrl: string;
  lowLatencyUrl: string;
  format: 'mp3' | 'opus' | 'vorbis';
  bitrateKbps: number;
  position: { latitude: number; longitude: number } | null;
  headingDeg: number | null;
  headingWidthDeg: number | null;
  rangeMinM: number | null;
  rangeMaxM: number | null;
  tagIds: number[] | null;
  languageId: number | null;
  listeners: number;
  hears: string[];
  tracks: { trackId: number; assetId: number; name: string; sinceUnixMs: number }[];
};

type GetSignalsAnswerItemsOne = {
  id: number;
  name: string;
  minimum: number;
  maximum: number;
  unit: string;
  type: 'sensor' | 'actuator' | 'range' | 'cmd_button' | 'cmd_opened' | 'cmd_closed';
  deviceId: string;
  parameter: string;
  publicId: string;
  ownerId: string | null;
  createdAtUnixMs: number;
};

type GetSpeakersAnswerItemsOne = {
  id: number;
  projectId: number;
  active: boolean;
  code: string;
  name: string;
  maxVolume: number;
  minVolume: number;
  uri: string;
  backupUri: string;
  mediaId: string | null;
  shape: ((([number, number])[])[])[];
  attenuationM: number;
  law: 'linear' | 'inverse' | 'exponential' | 'cosine';
};

type GetTagsAnswerItemsOne = {
  id: number;
  projectId: number;
  categoryId: number;
  value: string;
  description: string;
  data: string;
  filter: '' | '_within_10km' | '_ten_most_recent_days';
  location: ((([number, number])[])[])[] | null;
  descriptionLocIds: number[];
  messageLocIds: number[];
};

type GetTargetsAnswerItemsOne = {
  id: number;
  publicId: string;
  name: string;
  kind: 'webhook' | 'email' | 'chat' | 'mqtt' | 'syslog';
  enabled: boolean;
  config: Record<string, unknown>;
  secrets: string[];
  events: string[];
  circuit: 'closed' | 'open' | 'half-open';
  createdAtUnixMs: number;
};

type GetTracksAnswerItemsOne = {
  id: number;
  projectId: number;
  active: boolean;
  minVolume: number;
  maxVolume: number;
  minDurationS: number;
  maxDurationS: number;
  minDeadAirS: number;
  maxDeadAirS: number;
  minFadeInS: number;
  maxFadeInS: number;
  minFadeOutS: number;
  maxFadeOutS: number;
  minPan: number;
  maxPan: number;
  minPanDurationS: number;
  maxPanDurationS: number;
  repeatRecordings: boolean;
  tagIds: number[];
  startWithSilence: boolean;
  bannedS: number;
  fadeOutWhenFiltered: boolean;
  timedPriority: 'highest' | 'normal' | 'neutral' | 'lowest' | 'discard';
};

type GetUiElementsAnswerItemsOne = {
  id: number;
  projectId: number;
  nameId: number;
  variant: string;
  fileExtension: string;
  labelTextColor: string;
  labelPosition: string;
  labelTextLocIds: number[];
};

type GetUiGroupsAnswerItemsOne = {
  id: number;
  projectId: number;
  categoryId: number;
  name: string;
  mode: 'listen' | 'speak' | 'browse';
  select: 'single' | 'multi' | 'min_one';
  active: boolean;
  index: number;
  itemFilter: 'none' | 'random-1';
  headerLocIds: number[];
};

type GetVariablesAnswerItemsOne = {
  id: number;
  name: string;
  kind: 'number' | 'text' | 'boolean';
  value: number | string | boolean;
  unit: string | null;
  description: string;
  updatedAtUnixMs: number;
  updatedBy: string;
};

type GetVisitEventsAnswerItemsOne = {
  id: number;
  sessionId: number;
  kind: string;
  clientTime: string | null;
  data: string | null;
  latitude: number | null;
  longitude: number | null;
  tagIds: number[];
  atUnixMs: number;
};

type GetVisitorsAnswerItemsOne = {
  id: number;
  username: string;
  firstName: string;
  lastName: string;
  email: string;
  deviceId: string | null;
  clientType: string;
  staffId: string | null;
  createdAtUnixMs: number;
};

type GetVisitsAnswerItemsOne = {
  id: number;
  projectId: number;
  userId: number | null;
  languageId: number;
  clientType: string;
  clientSystem: string;
  timezone: string;
  geoListenEnabled: boolean;
  demoStreamEnabled: boolean;
  startedAtUnixMs: number;
  endedAtUnixMs: number | null;
  endReason: string | null;
};

type GetVotesAnswerItemsOne = {
  id: number;
  assetId: number;
  sessionId: number;
  userId: number | null;
  kind: 'like' | 'flag' | 'rate' | 'block_asset' | 'block_user';
  value: number | null;
  createdAtUnixMs: number;
};

type PostDashboardsBodyVariablesOne = {
  readonly name: string;
  readonly label?: string | undefined;
  readonly kind: 'device' | 'channel' | 'text';
  readonly value?: string | undefined;
  readonly options?: readonly string[] | undefined;
};

type PostRulesBodyCondition = {
  readonly type: 'range';
  readonly channel: string;
  readonly low: number;
  readonly high: number;
  readonly when: 'inside' | 'outside';
  readonly hysteresis?: number | undefined;
};

type PostRulesBodyCondition2 = {
  readonly type: 'equals';
  readonly channel: string;
  readonly value: number | string | boolean;
  readonly tolerance?: number | undefined;
  readonly negate?: boolean | undefined;
};

type PostRulesBodyCondition3 = {
  readonly type: 'rate';
  readonly channel: string;
  readonly overMs: number;
  readonly op: '>' | '>=' | '<' | '<=';
  readonly perSecond: number;
  readonly clear?: number | undefined;
};

type PostRulesBodyCondition4 = {
  readonly type: 'aggregate';
  readonly channel: string;
  readonly function: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'stddev' | 'range';
  readonly windowMs: number;
  readonly op: '>' | '>=' | '<' | '<=';
  readonly value: number;
  readonly clear?: number | undefined;
};

type PostRulesBodyActionsOne = {
  readonly type: 'notify';
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
  readonly targetId: number;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly event?: string | undefined;
};

type PostRulesBodyActionsOne2 = {
  readonly type: 'command';
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
  readonly deviceId: string;
  readonly parameter: string;
  readonly value: number | string | boolean;
};

type PostRulesBodyActionsOne3 = {
  readonly type: 'audio';
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
  readonly do: 'speaker-volume';
  readonly speakerId: number;
  readonly volume: number;
};

type PostRulesBodyActionsOne4 = {
  readonly type: 'audio';
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
  readonly do: 'play';
  readonly projectId: number;
  readonly assetId: number;
  readonly place?: { readonly latitude: number; readonly longitude: number; readonly radiusM: number } | undefined;
};

type PostRulesBodyActionsOne5 = {
  readonly type: 'audio';
  readonly on?: 'firing' | 'clear' | 'both' | undefined;
  readonly do: 'tags';
  readonly projectId: number;
  readonly tagIds: readonly number[];
};

type PostSessionsIdHeartbeatAnswer = {
  id: string;
  number: number;
  projectId: number;
  profile: 'native' | 'roundware';
  state: 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';
  streamUrl: string;
  lowLatencyUrl: string;
  format: 'mp3' | 'opus' | 'vorbis';
  bitrateKbps: number;
  position: { latitude: number; longitude: number } | null;
  headingDeg: number | null;
  headingWidthDeg: number | null;
  rangeMinM: number | null;
  rangeMaxM: number | null;
  tagIds: number[] | null;
  languageId: number | null;
  listeners: number;
  hears: string[];
  tracks: { trackId: number; assetId: number; name: string; sinceUnixMs: number }[];
  done: boolean;
  message: string | null;
};

type PostTargetsBodySecret = {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly url?: string | undefined;
  readonly password?: string | undefined;
};
