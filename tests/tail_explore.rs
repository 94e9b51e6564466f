use levy_escape::noise::{Alpha, Seed, StableLaw, Stream};
use levy_escape::tail::*;
use rand_distr::Distribution;
use rayon::prelude::*;

fn draws(alpha: f64, n: usize, path: u64) -> Vec<f64> {
    StableLaw::new(Alpha::new(alpha).unwrap()).sample_iter(Stream::new(Seed(5), n as u64, path)).take(n).collect()
}

#[test]
fn small() {
    for n in [50usize, 100, 400] {
        for alpha in [1.1, 1.5, 1.9, 2.0] {
            for e in Estimator::ALL {
                let r: Vec<Option<(f64, f64, f64)>> = (0..500u64).into_par_iter().map(|p| {
                    let s = TailSample::new(&draws(alpha, n, p), Centre::Median).unwrap();
                    e.estimate(&s, &IntervalSettings::default()).ok().map(|i| (i.alpha.value, i.alpha.lo, i.alpha.hi))
                }).collect();
                let ok: Vec<_> = r.iter().flatten().collect();
                let c = ok.iter().filter(|e| e.1 <= alpha && alpha <= e.2).count() as f64 / ok.len().max(1) as f64;
                print!("{}:{:.3}({}) ", &e.name()[..4], c, r.len() - ok.len());
            }
            println!(" n={n} a={alpha}");
        }
    }
}

#[test]
fn rounded() {
    for (n, rep) in [(200usize, 100u64), (5000, 60)] {
        for alpha in [1.1, 1.5, 1.9, 2.0] {
            for h in [1.0, 1.5, 2.0] {
                let t = std::time::Instant::now();
                let mut line = String::new();
                for e in Estimator::ALL {
                    let r: Vec<Option<(f64, f64, f64)>> = (0..rep).into_par_iter().map(|p| {
                        let mut d = draws(alpha, n, p);
                        if h > 0.0 { d.iter_mut().for_each(|x| *x = (*x / h).round() * h) }
                        let s = TailSample::new(&d, Centre::Median).ok()?;
                        e.estimate(&s, &IntervalSettings::default()).ok().map(|i| (i.alpha.value, i.alpha.lo, i.alpha.hi))
                    }).collect();
                    let ok: Vec<_> = r.iter().flatten().collect();
                    let m = ok.len() as f64;
                    let c = ok.iter().filter(|e| e.1 <= alpha && alpha <= e.2).count() as f64 / m;
                    let b = ok.iter().map(|e| e.0 - alpha).sum::<f64>() / m;
                    line += &format!("{}:{:+.3} {:.3}({}) ", &e.name()[..4], b, c, r.len() - ok.len());
                }
                println!("{line} n={n} a={alpha} h={h} {:.1}s", t.elapsed().as_secs_f64());
            }
        }
    }
}

fn level(name: &str, n: usize, rep: u64, make: &(dyn Fn(u64) -> Vec<f64> + Sync)) {
    let r: Vec<(f64, f64, Pattern, f64)> = (0..rep).into_par_iter().filter_map(|p| {
        let s = TailSample::new(&make(p), Centre::Median).ok()?;
        let a = Assumptions::of(&s, &IntervalSettings::default(), 1);
        let d = a.dependence.ok()?;
        Some((a.symmetry.ok()?.p, d.p, d.pattern, n as f64 * (1.0 - d.entries.lag_one)))
    }).collect();
    let rep = r.len() as u64;
    let share = |f: &dyn Fn(&(f64, f64, Pattern, f64)) -> bool| r.iter().filter(|x| f(x)).count() as f64 / rep as f64;
    let mut gaps: Vec<f64> = r.iter().map(|x| x.3).collect();
    gaps.sort_by(f64::total_cmp);
    println!("{name} n={n}: sym .05 {:.4} .01 {:.4} .001 {:.5} | dep .05 {:.4} .01 {:.4} .001 {:.5} | sorted {:.3} unit {:.3} gap99 {:.1} gap01 {:.1}",
        share(&|x| x.0 < 0.05), share(&|x| x.0 < 0.01), share(&|x| x.0 < 0.001),
        share(&|x| x.1 < 0.05), share(&|x| x.1 < 0.01), share(&|x| x.1 < 0.001),
        share(&|x| x.2 == Pattern::Sorted), share(&|x| x.2 == Pattern::UnitRoot), gaps[(0.99 * rep as f64) as usize], gaps[(0.01 * rep as f64) as usize]);
}

#[test]
fn levels() {
    for n in [20usize, 50, 200] {
        let rep = if n < 500 { 20_000 } else { 4000 };
        for alpha in [1.1, 1.5, 2.0] {
            level(&format!("iid {alpha}"), n, rep, &move |p| draws(alpha, n, p));
        }
        level("iid 1.5 rounded", n, rep / 20, &move |p| draws(1.5, n, p).iter().map(|x| x.round()).collect());
        level("iid 1.5 rounded offset", n, rep / 20, &move |p| draws(1.5, n, p).iter().map(|x| (x + 0.3).round()).collect());
    }
    return;
    for n in [100usize, 1000] {
        for alpha in [1.1, 1.5, 2.0] {
            level(&format!("walk {alpha}"), n, 2000, &move |p| { let mut s = 0.0; draws(alpha, n, p).iter().map(|x| { s += x; s }).collect() });
            for phi in [0.5, 0.2] {
                level(&format!("ar {phi} {alpha}"), n, 1000, &move |p| { let mut s = 0.0; draws(alpha, n, p).iter().map(|x| { s = phi * s + x; s }).collect() });
            }
        }
    }
    // skewed: positive stable mixture X = |X1|^... use CMS-free: add one-sided tail by sign flipping
    for n in [50usize, 200, 1000, 10000] {
        for beta in [0.3, 0.8, 1.0] {
            level(&format!("skew 1.5 {beta}"), n, 400, &move |p| skewed(1.5, beta, n, p));
        }
        level("garch", n, 400, &move |p| { let (mut v, mut last) = (1.0f64, 0.0f64); draws(2.0, n, p).iter().map(|z| { v = 0.1 + 0.1 * last * last + 0.8 * v; last = v.sqrt() * z / 2f64.sqrt(); last }).collect() });
    }
}

/// Chambers, Mallows, Stuck.
fn skewed(alpha: f64, beta: f64, n: usize, path: u64) -> Vec<f64> {
    let mut s = Stream::new(Seed(6), n as u64, path);
    let zeta = -beta * (std::f64::consts::PI * alpha / 2.0).tan();
    let xi = (-zeta).atan() / alpha;
    (0..n).map(|_| {
        let u = std::f64::consts::PI * (s.open01() - 0.5);
        let w = -s.open01().ln();
        (1.0 + zeta * zeta).powf(0.5 / alpha) * (alpha * (u + xi)).sin() / u.cos().powf(1.0 / alpha)
            * ((u - alpha * (u + xi)).cos() / w).powf((1.0 - alpha) / alpha)
    }).collect()
}
