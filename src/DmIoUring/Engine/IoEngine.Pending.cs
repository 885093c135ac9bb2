using System.Diagnostics;

namespace DmIoUring.Engine;

/// <content>Lists the pending requests.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    public override IReadOnlyList<IoPendingRequest> GetPendingRequests()
    {
        Dictionary<Request, IoPendingRegion?[]> requests = [];
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] is not { } request)
                continue;
            Chunk* chunk = &_chunks[i];
            ref IoPendingRegion? seen = ref Regions(requests, request)[chunk->Region];
            long first = chunk->Offset / IoRegion.SectorSize;
            long sectors = chunk->Length / IoRegion.SectorSize;
            BlockDevice device = DeviceOf(chunk, request);
            seen = seen is null
                ? new IoPendingRegion(chunk->Region, device.Path, first, sectors, 0) { Device = device }
                : seen with { Sector = Math.Min(seen.Sector, first), SectorsInKernel = seen.SectorsInKernel + sectors };
        }

        for (Request? request = _queue.First; request is not null; request = request.Next)
            Regions(requests, request);
        foreach (RequestList waiting in _waiting)
        {
            for (Request? request = waiting.First; request is not null; request = request.Next)
                Regions(requests, request);
        }

        return [.. requests.Select(static entry => Describe(entry.Key, entry.Value))];
    }

    private static IoPendingRegion?[] Regions(Dictionary<Request, IoPendingRegion?[]> requests, Request request)
    {
        if (!requests.TryGetValue(request, out IoPendingRegion?[]? regions))
            requests[request] = regions = new IoPendingRegion?[request.RegionCount];
        return regions;
    }

    private static IoPendingRequest Describe(Request request, IoPendingRegion?[] inKernel)
    {
        List<IoPendingRegion> regions = [];
        for (int i = 0; i < inKernel.Length; i++)
        {
            // A request without legs is completely in the kernel.
            Leg leg = i < request.LegCount ? request.Legs[i] : default;
            long waiting = leg.Remaining / IoRegion.SectorSize;
            if (inKernel[i] is { } seen)
                regions.Add(seen with { SectorsWaiting = waiting });
            else if (waiting > 0 || leg.Stage == LegStage.MustFlush)
                regions.Add(new IoPendingRegion(i, leg.Device.Path, leg.Offset / IoRegion.SectorSize, 0, waiting) { Device = leg.Device });
        }

        return new IoPendingRequest(request.Operation.Name(), regions, request.IsAbandoned)
        {
            Age = request.Taken == 0 ? null : Stopwatch.GetElapsedTime(request.Taken),
        };
    }
}
