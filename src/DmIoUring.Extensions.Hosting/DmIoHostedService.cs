using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DmIoUring.Extensions.Hosting;

/// <summary>
/// Makes the client and its reserve when the host starts, not with the first request: what the host's kernel or its limits refuse is said then. The client
/// itself is disposed by the services, after all that were made later and may still use it.
/// </summary>
internal sealed class DmIoHostedService(IServiceProvider services, IOptions<DmIoSettings> settings) : IHostedService, IDisposable
{
    private PageReservation? _reserve;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        DmIoClient client = services.GetRequiredService<DmIoClient>();
        if (settings.Value.ReservedPages > 0)
            _reserve = await client.ReserveAsync(settings.Value.ReservedPages, cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _reserve?.Dispose();
}
