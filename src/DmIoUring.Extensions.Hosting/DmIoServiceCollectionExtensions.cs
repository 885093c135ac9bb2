using System.Diagnostics.Metrics;
using DmIoUring;
using DmIoUring.Extensions.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a <see cref="DmIoClient"/> to a host's services.</summary>
public static class DmIoServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="DmIoClient"/> as a singleton, with settings from the configuration (<see cref="DmIoSettings"/>). They are checked when the host starts, and a
    /// key that is none of them is refused. The client's metrics, events and log lines go to the host's meter factory and logger factory; it is made when
    /// the host starts and disposed with it.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The configuration's section. One that is missing means the defaults.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddDmIoUring(this IServiceCollection services, string section = DmIoSettings.Section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(section);
        services.AddOptions<DmIoSettings>().BindConfiguration(section, static binder => binder.ErrorOnUnknownConfiguration = true);
        return AddClient(services);
    }

    /// <summary>As <see cref="AddDmIoUring(IServiceCollection, string)"/>, with settings from code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddDmIoUring(this IServiceCollection services, Action<DmIoSettings> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<DmIoSettings>().Configure(configure);
        return AddClient(services);
    }

    /// <summary>
    /// Adds a health check of the host's client: whether a callback blocks a lane (<see cref="DmIoSettings.StallLimit"/>), and how long the oldest request has been under
    /// way (<see cref="DmIoSettings.OldestRequestLimit"/>). It names the lane, or the request with its devices and sectors.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">The check's tags.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddDmIoUring(this IHealthChecksBuilder builder, string name = "dmio", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(name, static services => new DmIoHealthCheck(
            services.GetRequiredService<DmIoClient>(), services.GetRequiredService<IOptions<DmIoSettings>>()), failureStatus: null, tags));
    }

    private static IServiceCollection AddClient(IServiceCollection services)
    {
        services.AddOptions<DmIoSettings>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DmIoSettings>, DmIoSettingsValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DmIoHostedService>());
        services.TryAddSingleton(static provider => new DmIoClient(provider.GetRequiredService<IOptions<DmIoSettings>>().Value.ToOptions() with
        {
            MeterFactory = provider.GetService<IMeterFactory>(),
            LoggerFactory = provider.GetService<ILoggerFactory>(),
        }));
        return services;
    }
}
