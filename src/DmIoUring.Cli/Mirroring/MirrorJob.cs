using System.Diagnostics;
using DmIoUring.Cli.Devices;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>Makes or changes a mirror, brings its legs into sync, and looks at what is on them then.</summary>
internal sealed class MirrorJob(MirrorPlan plan, MirrorProgress progress)
{
    private readonly MirrorRequest _request = plan.Request;
    private readonly List<DeviceFile> _files = [.. plan.Legs];
    private IReadOnlyList<MirrorLegStatus> _statuses = [];
    private MirrorResyncReport? _resync;
    private bool _isInterrupted;

    /// <summary>What a new mirror is like, by what was asked for.</summary>
    public static MirrorCreateOptions CreateOptions(MirrorRequest request) => new()
    {
        Sectors = (request.Bytes ?? 0) / IoRegion.SectorSize,
        RegionSectors = (request.RegionBytes ?? 0) / IoRegion.SectorSize,
        AssumeEqual = request.AssumeEqual,
        Checksums = request.Checksums,
        Overwrite = request.Force,
    };

    /// <summary>Works. Cancelled, it lets what is under way end, and the legs stay out of sync.</summary>
    public async Task<MirrorReport> RunAsync(CancellationToken cancellation)
    {
        bool isOpen = false;
        try
        {
            await using MirrorDevice mirror = await OpenAsync(cancellation);
            isOpen = true;
            progress.RegionBytes = mirror.RegionSectors * IoRegion.SectorSize;
            try
            {
                await ChangeAsync(mirror, cancellation);
            }
            finally
            {
                _statuses = mirror.Legs;
            }
        }
        catch (MirrorException exception) when (!isOpen && exception.Refusal != MirrorRefusal.Failed)
        {
            RemoveCreated();
            Refusal refusal = new("", exception.Message, "");
            return new MirrorReport { Action = _request.Action, Outcome = CommandOutcome.Refused, Refusals = [refusal] };
        }
        catch (MirrorException exception)
        {
            return await ReportAsync(exception.Message);
        }
        catch (OperationCanceledException)
        {
            _isInterrupted = true;
            if (!isOpen)
                RemoveCreated();
        }

        return await ReportAsync(failure: null);
    }

    private Task<MirrorDevice> OpenAsync(CancellationToken cancellation)
    {
        BlockDevice[] devices = [.. _files.Select(static file => file.Device)];
        return _request.Action == MirrorAction.Create
            ? MirrorDevice.CreateAsync(plan.Client, devices, CreateOptions(_request), cancellationToken: cancellation)
            : MirrorDevice.OpenAsync(plan.Client, devices, plan.Open, cancellationToken: cancellation);
    }

    private async Task ChangeAsync(MirrorDevice mirror, CancellationToken cancellation)
    {
        if (_request.Action == MirrorAction.Replace)
        {
            BlockDevice? old = mirror.Legs[_request.Replaced].Device;
            await mirror.ReplaceAsync(_request.Replaced, plan.Replacement!.Device, overwrite: _request.Force, cancellation);
            _files.RemoveAll(file => file.Device == old);
            _files.Add(plan.Replacement);
        }

        if (_request.Resync && mirror.NeedsResync)
            await ResyncAsync(mirror, cancellation);
    }

    private async Task ResyncAsync(MirrorDevice mirror, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        MirrorResyncResult result = await mirror.ResyncAsync(
            new MirrorResyncOptions
            {
                Throttle = _request.BytesPerSecond is { } rate ? new CopyThrottle(rate) : null,
                Progress = progress,
            },
            cancellation);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long bytes = Math.Min(result.CopiedRegions * progress.RegionBytes, mirror.Size);
        int legs = mirror.Legs.Count;
        _isInterrupted = result.Outcome == MirrorResyncOutcome.Cancelled;
        _resync = new MirrorResyncReport(
            result.IsComplete,
            Math.Max(progress.Regions, result.CopiedRegions),
            result.CopiedRegions,
            bytes,
            seconds,
            bytes / seconds,
            RegionBitsReport.Of(result.InSync, legs),
            RegionBitsReport.Of(result.Failed, legs),
            result.UnreadableSector);
    }

    /// <summary>What is on the legs now, whatever was to be.</summary>
    private async Task<MirrorReport> ReportAsync(string? failure)
    {
        MirrorInspection inspection = await MirrorDevice.InspectAsync(plan.Client, [.. _files.Select(static file => file.Device)], CancellationToken.None);
        MirrorReport report = MirrorProbe.Describe(_request.Action, inspection, _files);
        bool hasChanged = _resync is not null || _request.Action == MirrorAction.Replace;
        bool hasFailed = failure is not null || _resync is { IsComplete: false };
        return report with
        {
            Outcome = _isInterrupted ? CommandOutcome.Interrupted : hasFailed ? CommandOutcome.Failed : CommandOutcome.Complete,
            Legs = [.. (report.Legs ?? []).Select(leg => leg with
            {
                IsCreated = leg.Path is not null && plan.Created.Contains(leg.Path, StringComparer.Ordinal),

                // What happened while it was open is not in the metadata.
                Reason = leg.State == MirrorLegCondition.OutOfSync && hasChanged && leg.Index < _statuses.Count ? _statuses[leg.Index].Reason ?? leg.Reason : leg.Reason,
            })],
            Resync = _resync,
            Failure = failure,
        };
    }

    private void RemoveCreated()
    {
        foreach (DeviceFile file in _files.Append(plan.Replacement).OfType<DeviceFile>().Where(file => plan.Created.Contains(file.Path, StringComparer.Ordinal)))
            NewFile.Remove(file.Facts);
    }
}
